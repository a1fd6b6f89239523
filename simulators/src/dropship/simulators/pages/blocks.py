"""Pages that are no product: robot checks, errors, the home page. Markers as on the real ones."""

from html import escape

from dropship.simulators.pages.locales import locale_of

_CONTACT = "<!-- Robots may write to api-services-support@amazon.com. -->"


def captcha_page(site: str) -> bytes:
    """The robot check that asks for characters to be typed."""
    locale = locale_of(site)
    form = (
        f"<h4>{escape(locale.type_characters)}</h4>"
        '<form method="get" action="/errors/validateCaptcha" name="">'
        '<input type="hidden" name="amzn" value="c2ltdWxhdGVk"><img alt="" '
        'src="https://images-na.ssl-images-amazon.com/captcha/simulated/Captcha_simulated.jpg">'
        '<input id="captchacharacters" name="field-keywords" autocomplete="off"></form>'
    )
    return _page(locale.shop, f"{_CONTACT}<div class='a-container'>{form}</div>")


def soft_block_page(site: str) -> bytes:
    """The newer robot check that asks for a click only."""
    locale = locale_of(site)
    form = (
        f"<h4>{escape(locale.continue_shopping)}</h4>"
        '<form method="get" action="/errors/validateCaptcha" name="">'
        '<input type="hidden" name="amzn" value="c2ltdWxhdGVk">'
        '<input type="hidden" name="field-keywords" value="SIMULA">'
        '<button type="submit" class="a-button-text">Continue shopping</button></form>'
    )
    return _page(locale.shop, f"{_CONTACT}<div class='a-container'>{form}</div>")


def challenge_page(site: str) -> bytes:
    """A challenge that only a browser's scripts could answer."""
    script = (
        "<script>window.awsWafCookieDomainList = []; "
        'window.gokuProps = {"key": "simulated", "iv": "simulated", "context": "simulated"};'
        '</script><script src="https://simulated.token.awswaf.com/simulated/challenge.js"></script>'
    )
    return _page("", f'{script}<div id="challenge-container"></div>')


def not_found_page(site: str) -> bytes:
    """What an unknown or delisted product's address answers, with status 404."""
    locale = locale_of(site)
    dog = (
        f'<a href="/"><img id="b" alt="{escape(locale.not_found)}" '
        'src="https://images-na.ssl-images-amazon.com/images/G/01/error/title._TTD_.png"></a>'
        '<a href="/dogsofamazon"><img id="d" alt="Dogs of Amazon" '
        'src="https://images-na.ssl-images-amazon.com/images/G/01/error/1._TTD_.jpg"></a>'
    )
    return _page("Page Not Found", f'<div id="g">{dog}</div>')


def error_page(site: str, status: int) -> bytes:
    """The short body of an ill or refusing server."""
    locale = locale_of(site)
    return _page(
        f"{status} - {locale.shop}",
        f"<h1>{status}</h1><p>Sorry! Something went wrong on our end.</p>",
    )


def home_page(site: str) -> bytes:
    """Where dead product addresses are sometimes sent: many products, none of them asked for."""
    locale = locale_of(site)
    cards = "".join(
        f'<div class="gw-card"><a href="/dp/B2{n:08d}">{n}</a>'
        f'<span class="a-price"><span class="a-offscreen">{escape(locale.price(999 + n * 100))}'
        "</span></span></div>"
        for n in range(40)
    )
    return _page(f"{locale.shop}. Spend less. Smile more.", f'<div id="gw-layout">{cards}</div>')


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        f'<title dir="ltr">{escape(title)}</title>'
        f"</head><body>{body}</body></html>\n"
    ).encode()
