"""How status pages look: one style sheet, in the page itself, light and dark, with contrasts of WCAG AA."""

from typing import Final

_LIGHT: Final = (
    "--page:#f4f6f8;--card:#fff;--line:#dfe4ea;--text:#1b2027;--quiet:#55606d;--link:#1a58b8;--track:#e6eaef;"
    "--up:#2b8a57;--degraded:#b87503;--down:#cf3a30;--unknown:#77828f;--maintenance:#3d78d6;"
    "--up-text:#17693f;--degraded-text:#7d5200;--down-text:#ad241b;--unknown-text:#4d5763;--maintenance-text:#1d56ae;"
    "--up-wash:#e8f4ed;--degraded-wash:#fbf1dc;--down-wash:#fbe9e7;--unknown-wash:#eceff2;--maintenance-wash:#e7effb"
)
_DARK: Final = (
    "--page:#11151a;--card:#191f26;--line:#2b333d;--text:#e6eaef;--quiet:#a3aebb;--link:#84b3f7;--track:#2b333d;"
    "--up:#3fae74;--degraded:#d9992b;--down:#ee6a5f;--unknown:#8793a1;--maintenance:#6a9ff0;"
    "--up-text:#6fd3a0;--degraded-text:#f0bd5d;--down-text:#ff968c;--unknown-text:#b9c3ce;--maintenance-text:#9cc2ff;"
    "--up-wash:#16291f;--degraded-wash:#2d2413;--down-wash:#331d1b;--unknown-wash:#232a32;--maintenance-wash:#19263a"
)
_STATES: Final = ("up", "degraded", "down", "unknown", "maintenance")

STYLE: Final = (
    f":root{{color-scheme:light;{_LIGHT}}}"
    f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{_DARK}}}}}"
    f":root[data-theme=dark]{{color-scheme:dark;{_DARK}}}"
    + "".join(
        f".{one}{{--s:var(--{one});--t:var(--{one}-text);--w:var(--{one}-wash)}}rect.{one}{{fill:var(--{one})}}"
        for one in _STATES
    )
    + """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 Inter,system-ui,-apple-system,'Segoe UI',Roboto,
Arial,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,header,footer{width:min(100% - 32px,880px);margin-inline:auto}
header{padding:40px 0 20px}
h1{font-size:26px;line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h2{font-size:17px;line-height:1.4;margin:32px 0 10px;font-weight:600}
h3{font-size:15px;margin:0;font-weight:600}
p{margin:6px 0 0}
a{color:var(--link);text-underline-offset:2px}
h1 a{color:inherit;text-decoration:none}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible{
outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
.quiet{color:var(--quiet)}
.small{font-size:13px}
.text{white-space:pre-line}
.top{height:4px;background:var(--accent,transparent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 20px;margin:0 0 12px}
.banner{display:flex;gap:14px;align-items:center;background:var(--w);border:1px solid var(--s);border-radius:10px;
padding:18px 20px;margin:0 0 12px}
.banner svg{flex:none;width:30px;height:30px}
.banner h2{margin:0;font-size:20px;line-height:1.3;color:var(--t)}
.banner p{margin:2px 0 0;color:var(--text);font-size:13px}
.said{border-left:4px solid var(--s,var(--link))}
.list{padding:0}
.check{padding:14px 20px 12px;border-top:1px solid var(--line)}
.check:first-child{border-top:0}
.row{display:flex;gap:12px;align-items:baseline;justify-content:space-between}
.row h3{min-width:0;font-weight:550}
.state{flex:none;display:inline-flex;gap:6px;align-items:center;color:var(--t);font-size:14px;font-weight:550}
.state svg{width:14px;height:14px}
.bars{overflow:hidden;margin:8px 0 4px}
.bars svg{display:block;width:100%;height:30px}
.scale{display:flex;justify-content:space-between;gap:10px;font-size:13px;color:var(--quiet)}
.scale>span:first-child,.scale>span:last-child{flex:none}
.scale>.told{text-align:center}
.latency{margin-top:6px;display:flex;gap:10px;align-items:center;font-size:13px;color:var(--quiet)}
.latency svg{flex:1;height:28px;min-width:0}
.latency path{fill:none;stroke:var(--link);stroke-width:1.5;vector-effect:non-scaling-stroke}
details>summary{cursor:pointer}
details.days{font-size:13px;color:var(--quiet);margin-top:2px}
details.days ul{margin:4px 0 0;padding-left:18px}
details.group{padding:0}
details.group>summary{padding:12px 20px}
details.group>.check{border-top:1px solid var(--line)}
summary h2{display:inline;margin:0}
summary .state{float:right;margin-top:3px}
ol.updates{list-style:none;margin:10px 0 0;padding:0 0 0 14px;border-left:2px solid var(--line)}
ol.updates li{margin:0 0 10px}
ol.updates li:last-child{margin:0}
ol.updates b{font-weight:600}
form{display:flex;flex-wrap:wrap;gap:8px;margin-top:10px;align-items:end}
label{display:block;font-size:13px;color:var(--quiet)}
input,select{font:inherit;color:inherit;background:var(--page);border:1px solid var(--quiet);border-radius:6px;
padding:7px 10px;width:100%;min-height:40px}
.field{flex:1 1 220px;max-width:420px}
button{font:inherit;font-weight:600;color:var(--card);background:var(--link);border:0;border-radius:6px;
padding:8px 16px;min-height:40px;cursor:pointer}
.hidden{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}
.short{display:none}
footer{padding:20px 0 40px;font-size:13px;color:var(--quiet);display:flex;flex-wrap:wrap;gap:6px 18px;
justify-content:space-between}
.narrow{max-width:440px}
@media(min-width:1800px){body{font-size:16px}main,header,footer{width:min(100% - 32px,1040px)}}
@media(max-width:560px){header{padding:24px 0 14px}.card,.check,.banner,details.group>summary{padding-inline:14px}
.card.list,details.group{padding-inline:0}
.bars svg{width:200%;margin-left:-100%}.long{display:none}.short{display:inline}.scale{flex-wrap:wrap}
.scale>.told{order:1;flex:1 0 100%;text-align:left}
h1{font-size:22px}.banner h2{
font-size:18px}}
@media print{body{background:#fff}form,.nav{display:none}}
"""
)
