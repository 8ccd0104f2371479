"""One question to the back end that is configured; all that can go wrong as errors that a job can end in."""

from actors.agent.contract import AgentInput, AgentType, AnswerError
from actors.agent.llm import gemini, openai
from actors.agent.llm.answer import parse_answer
from actors.agent.llm.question import Reply, question_of
from actors.agent.settings import AgentSettings
from actors.remote import exchange, refusal
from actors.seams import Clock
from actors.worker.errors import PermanentError

_KEY = (
    "see that api_key in [workers.agent] (or QUAERO_WORKERS__AGENT__API_KEY) is valid and may use the model"
    " {model!r}"
)
_FORM = 'if it knows no JSON Schema, set structured = "json" or "text" in [workers.agent]'
_MODEL = "see that base_url and model = {model!r} in [workers.agent] are right"


async def ask(agent: AgentType, given: AgentInput, settings: AgentSettings, clock: Clock) -> Reply:
    """Ask about one document.

    Raises:
        RetryableError: what went wrong may pass with time.
        PermanentError: it will not; the message says what to do.
    """
    question = question_of(agent, given, settings)
    by_gemini = settings.backend == "gemini"
    request = (gemini if by_gemini else openai).request(question, settings)
    response = await exchange(request, clock)
    if 200 <= response.status < 300:
        return (gemini.reply if by_gemini else openai.reply)(request, response, settings)
    key, model = _KEY.format(model=question.model), _MODEL.format(model=question.model)
    advice = {400: _FORM, 401: key, 403: key, 404: model, 405: model, 422: _FORM}
    if by_gemini:
        said, wait = gemini.error_of(response)
        if response.status == 400 and "api key" in said.lower():  # how Google says 401
            advice[400] = key
        raise refusal(request, response, said, advice=advice, retry_after=wait)
    said, spent = openai.error_of(response)
    if spent:
        words = request.secret.hidden_in(said)[:200]
        raise PermanentError(f"{request.subject} answered {response.status}: {words}; see to its quota")
    raise refusal(request, response, said, advice=advice)


def read(agent: AgentType, given: AgentInput, reply: Reply) -> object:
    """The output that the model's words hold.

    Raises:
        AnswerError: they hold none.
    """
    return agent.read(parse_answer(reply.text), given)


__all__ = ["AnswerError", "ask", "read"]
