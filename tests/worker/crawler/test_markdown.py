import pytest

from actors.worker.crawler.markdown import to_markdown

URL = "http://h/d/p.html"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>One</h1><h3>Three</h3>", "# One\n\n### Three"),
        ("<p>a <b>b</b> c <em>d</em></p>", "a **b** c *d*"),
        ("<p>a<a href=x.html>b</a></p>", "a[b](http://h/d/x.html)"),
        ("<p><a href='/q?x=1#f'>b</a></p>", "[b](http://h/q?x=1#f)"),
        ("<img src=i.png alt=I>", "![I](http://h/d/i.png)"),
        ("<img src='data:image/png;base64,AAAA' alt=I>", "I"),
        (
            '<pre><code class="language-python">def f():\n    pass\n</code></pre>',
            "```python\ndef f():\n    pass\n```",
        ),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  * b\n- c"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
        ("<blockquote><p>q</p></blockquote>", "> q"),
        ("<nav>n</nav><script>s</script><style>t</style><x-svg>g</x-svg><p>p</p>", "p"),
        ("<form><p>in a form</p></form><header>h</header>", "in a form\n\nh"),
        ("<p hidden>behind a tab</p>", "behind a tab"),
        ("", ""),
    ],
)
def test_a_page_becomes_markdown(html: str, expected: str) -> None:
    assert to_markdown(html, URL) == expected


def test_the_base_of_a_page_is_honoured() -> None:
    assert to_markdown("<head><base href='/b/'></head><a href=x>l</a>", URL) == "[l](http://h/b/x)"
