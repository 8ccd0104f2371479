"""Documents over HTTP: pages by cursor, and those of one job."""

from tests.embedding.workers import Where
from tests.gateway.conftest import Service


def test_documents_are_read_page_by_page_and_by_job(service: Service) -> None:
    run = service.runtime.fan_out("write", [Where(str(service.definitions.parent / "out"))] * 7)
    run.wait(100)
    every = service.client.get("/api/documents").json()
    assert (len(every["documents"]), every["next_cursor"]) == (7, None)
    read, cursor = [], None
    while True:
        params = {"limit": "3"} | ({"after": cursor} if cursor else {})
        page = service.client.get("/api/documents", params=params).json()
        read.append([each["id"] for each in page["documents"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [len(each) for each in read] == [3, 3, 1]
    assert [each for page in read for each in page] == [each["id"] for each in every["documents"]]
    for document in every["documents"]:
        found = service.client.get("/api/documents", params={"job_id": document["job_id"]}).json()
        assert [each["id"] for each in found["documents"]] == [document["id"]]
    for wrong in ({"after": "x"}, {"job_id": "x"}, {"run_id": "x"}, {"limit": "0"}, {"limit": "1001"}):
        answer = service.client.get("/api/documents", params=wrong)
        assert answer.status_code == 400
        assert [each["path"] for each in answer.json()["errors"]] == list(wrong)
