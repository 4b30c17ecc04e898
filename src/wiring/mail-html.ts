/** A label on a line of its own, then an address: something to do. */
const ACTION = /^(.{1,80}?)[:：]\n(https?:\/\/\S+)$/;

const SANS =
  "Inter,-apple-system,'Segoe UI',Roboto,'PingFang SC','Noto Sans SC','Microsoft YaHei',sans-serif";

/** Colours of the pages (`web/ui/tokens.css`), in light; the style sheet below has the dark ones. */
const PAPER = '#fbfaf7';
const RAISED = '#ffffff';
const INK = '#1d1c19';
const SOFT = '#55534d';
const HAIRLINE = '#e2dfd7';
const ACCENT = '#0f5b57';

/**
 * A mail as the house would print it, drawn from its text and saying nothing else: the subject is the
 * heading, the first label with an address below it is the button, further ones are links, and what comes
 * after the button is small print. One column of tables with inline styles, as mail programs need it;
 * nothing is loaded from anywhere.
 *
 * @param text paragraphs between empty lines (see `mailText`)
 */
export function mailHtml({
  subject,
  text,
}: {
  readonly subject: string;
  readonly text: string;
}): string {
  const isChinese = /\p{Script=Han}/u.test(text);
  let hasButton = false;
  const body = text
    .trim()
    .split(/\n{2,}/)
    .map((block) => {
      const [, label, url] = ACTION.exec(block) ?? [];
      if (label === undefined || url === undefined) return paragraph(block, hasButton);
      const drawn = hasButton ? link(label, url) : button(label, url);
      hasButton = true;
      return drawn;
    })
    .join('\n');
  return `<!doctype html>
<html lang="${isChinese ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(subject)}</title>
<style>
@media (prefers-color-scheme: dark) {
  .paper { background: #161714 !important; }
  .card { background: #1e1f1c !important; border-color: #30312d !important; }
  .ink { color: #ecebe5 !important; }
  .soft { color: #b4b2aa !important; }
  .line, .link { color: #6cc4b9 !important; }
  .button { background: #6cc4b9 !important; }
  .button a { color: #0d1d1b !important; }
}
</style>
</head>
<body class="paper" style="margin:0;background:${PAPER}">
<table role="presentation" class="paper" width="100%" cellpadding="0" cellspacing="0" style="background:${PAPER}">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:520px;font:400 16px/${isChinese ? '1.7' : '1.6'} ${SANS}">
<tr><td style="padding:0 8px 20px;font-size:19px;font-weight:600">${wordmark()}</td></tr>
<tr><td class="card" style="padding:32px;background:${RAISED};border:1px solid ${HAIRLINE};border-radius:12px">
<h1 class="ink" style="margin:0 0 16px;color:${INK};font-size:23px;font-weight:600;line-height:1.35">${escaped(subject)}</h1>
${body}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

/** The word crossed by the waterline: a line through takes the colour of what it was set on. */
function wordmark(): string {
  return `<span class="line" style="color:${ACCENT};text-decoration:line-through"><span class="ink" style="color:${INK}">Breakeven</span></span>`;
}

function paragraph(block: string, isSmall: boolean): string {
  const lines = escaped(block).replaceAll('\n', '<br>');
  return isSmall
    ? `<p class="soft" style="margin:16px 0 0;color:${SOFT};font-size:13px">${lines}</p>`
    : `<p class="ink" style="margin:0 0 12px;color:${INK}">${lines}</p>`;
}

function button(label: string, url: string): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:20px 0 4px"><tr><td class="button" style="background:${ACCENT};border-radius:8px"><a href="${escaped(url)}" style="display:inline-block;padding:10px 20px;color:#ffffff;font-weight:500;text-decoration:none">${escaped(label)}</a></td></tr></table>`;
}

function link(label: string, url: string): string {
  return `<p style="margin:16px 0 0;font-size:13px"><a class="link" href="${escaped(url)}" style="color:${ACCENT}">${escaped(label)}</a></p>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
