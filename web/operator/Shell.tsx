import { type ReactNode, useState } from 'react';
import type { Session } from '../../src/http/shapes/session.ts';
import type { ImportRecord } from '../../src/lake/import/import-book.ts';
import type { BookName } from '../../src/http/shapes/wire.ts';
import { Icon } from '../chat/icons.tsx';
import { m } from '../paraglide/messages.js';
import { Link } from '../ui/Link.tsx';
import { Segments, Wordmark } from '../ui/parts.tsx';
import {
  changeLanguage,
  changeTheme,
  language,
  theme as themeNow,
  type Theme,
} from '../ui/preferences.ts';
import { useRemote } from '../ui/remote.ts';
import { roleText } from '../ui/role-text.ts';
import { signOut } from '../ui/session.ts';
import { BOOK_NAMES, bookText } from './book-words.ts';
import { NAV } from './nav.ts';
import { useView } from './view.ts';

/** The rail with the rooms, the book, and who sits here. */
export function Shell({
  session,
  room,
  children,
}: {
  readonly session: Session;
  readonly room: string;
  readonly children: ReactNode;
}) {
  const view = useView();
  const [isOpen, open] = useState(false);
  const here = room === 'events' ? '/requests' : room === '' ? '' : `/${room}`;
  return (
    <div className={isOpen ? 'console is-open' : 'console'}>
      <a className="skip" href="#page">
        {m.op_skip()}
      </a>
      <header className="console-bar">
        <Wordmark to="/operator" />
        <span className="console-bar-book">{bookText(view.book)}</span>
        <button
          type="button"
          className="quiet-button"
          aria-expanded={isOpen}
          aria-controls="console-nav"
          aria-label={m.op_menu()}
          onClick={() => open(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </button>
      </header>
      <nav id="console-nav" className="console-nav" aria-label={m.op_console()}>
        <div className="console-mark">
          <Wordmark to="/operator" />
        </div>
        <Segments<BookName>
          label={m.op_book()}
          value={view.book}
          options={BOOK_NAMES.map((value) => ({
            value,
            label: bookText(value),
          }))}
          onChange={(book) => view.change({ book })}
        />
        <ul>
          {NAV.map(({ path, label }) => (
            <li key={path}>
              <Link
                to={view.at(path)}
                aria-current={path === here ? 'page' : undefined}
                onClick={() => open(false)}
              >
                {label()}
              </Link>
            </li>
          ))}
        </ul>
        <Foot session={session} />
      </nav>
      <div className="console-room">
        <Strip session={session} />
        {children}
      </div>
    </div>
  );
}

/** Says on every page that the money in sight is not real, or the answers are not. */
function Strip({ session }: { readonly session: Session }) {
  const view = useView();
  const imports = useRemote<readonly ImportRecord[]>(
    view.imported === undefined ? undefined : '/lab/imports',
  );
  if (imports.data?.some(({ book }) => book === view.imported))
    return <p className="book-strip">{m.op_strip_imported({ book: view.imported ?? '' })}</p>;
  if (view.book === 'demo') return <p className="book-strip">{m.op_strip_demo()}</p>;
  if (view.book === 'test') return <p className="book-strip">{m.op_strip_test()}</p>;
  if (!session.simulated) return null;
  return (
    <p className="book-strip">
      {m.op_strip_simulated()}
      {m.ui_gap()}
      <Link to={view.at('/settings')} className="text-link">
        {m.op_strip_simulated_do()}
      </Link>
    </p>
  );
}

function Foot({ session }: { readonly session: Session }) {
  const [theme, setTheme] = useState<Theme>(themeNow);
  const other = language() === 'en' ? 'zh-CN' : 'en';
  const next: Theme = theme === 'system' ? 'dark' : theme === 'dark' ? 'light' : 'system';
  const names = { light: m.op_theme_light, dark: m.op_theme_dark, system: m.op_theme_system };
  return (
    <div className="console-foot">
      <p>
        {session.person?.name}
        {session.operator && (
          <span className="faint">{` · ${roleText(session.operator.role)}`}</span>
        )}
      </p>
      <a href="/">{m.op_to_chat()}</a>
      <div className="preferences">
        <button
          type="button"
          className="quiet-button"
          onClick={() => {
            changeTheme(next);
            setTheme(next);
          }}
        >
          {m.op_theme({ name: names[theme]() })}
        </button>
        <button
          type="button"
          className="quiet-button"
          lang={other}
          onClick={() => changeLanguage(other)}
        >
          {other === 'en' ? 'English' : '简体中文'}
        </button>
      </div>
      <button type="button" className="quiet-button" onClick={() => void signOut()}>
        {m.op_sign_out()}
      </button>
    </div>
  );
}
