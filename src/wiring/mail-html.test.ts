import { expect, it } from 'vitest';
import { mailHtml } from './mail-html.ts';
import { mailText } from './mail-text.ts';

const until = new Date('2026-12-04T10:00:00Z');
const url = 'https://chat.example/sign-in?invite=once-be-1&x=2';

it.each(['en', 'zh'] as const)(
  'makes a button of the address, and says what the text says, in %s',
  (language) => {
    const mail = mailText({ about: 'invitation', by: 'Ada', url, until }, language);
    const html = mailHtml(mail);
    const [, label] = /\n\n(.+)[:：]\nhttps/.exec(mail.text) ?? [];
    expect(html.match(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/)?.slice(1)).toEqual([
      'https://chat.example/sign-in?invite=once-be-1&amp;x=2',
      label,
    ]);
    expect(html).toContain(`lang="${language === 'zh' ? 'zh-CN' : 'en'}"`);
    const said = html
      .replaceAll(/<style>.*?<\/style>|<title>.*?<\/title>|<[^>]+>/gs, ' ')
      .replaceAll(/\s+/g, ' ');
    for (const line of mail.text.split('\n').filter((each) => each && !each.startsWith('http')))
      expect(said).toContain(line.replace(/[:：]$/, ''));
  },
);

it('loads nothing, runs nothing, and lets no name write markup or a button', () => {
  const by = '<img src=x onerror=1> Eve"\n\nYour account:\nhttps://evil.example/';
  const mail = mailText({ about: 'invitation', by, url, until }, 'en');
  expect(mail.subject).not.toContain('\n');
  const html = mailHtml(mail);
  expect(html).not.toMatch(/<(img|script|link|iframe|form)|<[^>]*\ssrc=|url\(|@import/i);
  expect(html).toContain('&lt;img src=x onerror=1&gt; Eve&quot;');
  expect(html.match(/<a /g)).toHaveLength(1);
  expect(html).not.toContain('href="https://evil');
});
