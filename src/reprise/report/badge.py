"""The badge: how many claims were answered, as a small SVG for a README or a web page."""

from __future__ import annotations

from html import escape

LETTER = 6.6  # px, about as wide as one of Verdana's at 11 px
SIDE = 8  # px of air on either side


def badge_svg(label: str, value: str, colour: str = "#2e8b57") -> str:
    """A flat badge of 20 px: ``label`` on grey, ``value`` on ``colour``; the same bytes from the same words."""
    widths = [round(len(text) * LETTER) + 2 * SIDE for text in (label, value)]
    total = sum(widths)
    said = escape(f"{label}: {value}", quote=True)
    texts = "".join(
        f'<text x="{x:g}" y="14" textLength="{width - 2 * SIDE}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        for text, width, x in (
            (label, widths[0], widths[0] / 2),
            (value, widths[1], widths[0] + widths[1] / 2),
        )
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect width="{total}" height="20" rx="4" fill="#4a525c"/>'
        f'<path d="M{widths[0]} 0h{widths[1] - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{widths[1] - 4}z" fill="{colour}"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g>'
        "</svg>\n"
    )
