import { type ReactNode, useState } from 'react';
import type { Session } from '../../src/http/shapes/session.ts';
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
import { signOut } from '../ui/session.ts';
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
  const books: readonly { readonly value: BookName; readonly label: string }[] = [
    { value: 'live', label: m.op_book_live() },
    { value: 'test', label: m.op_book_test() },
    { value: 'demo', label: m.op_book_demo() },
  ];
  return (
    <div className="console">
      <a className="skip-link" href="#page">
        {m.op_skip()}
      </a>
      <header className={isOpen ? 'rail rail-open' : 'rail'}>
        <div className="rail-head">
          <Wordmark to="/operator" />
          <button
            type="button"
            className="quiet-button rail-toggle"
            aria-expanded={isOpen}
            aria-label={m.op_menu()}
            onClick={() => open(!isOpen)}
          >
            <Icon name={isOpen ? 'close' : 'menu'} />
          </button>
        </div>
        <div className="rail-body">
          <Segments
            label={m.op_book()}
            value={view.book}
            options={books}
            onChange={(book) => view.change({ book })}
          />
          <nav aria-label={m.op_console()}>
            {NAV.map(({ path, label }) => (
              <Link
                key={path}
                to={view.at(path)}
                aria-current={path === here ? 'page' : undefined}
                onClick={() => open(false)}
              >
                {label()}
              </Link>
            ))}
          </nav>
          <RailFoot session={session} />
        </div>
      </header>
      <div className="room">
        {view.book !== 'live' && (
          <p className="book-strip">
            {view.book === 'demo' ? m.op_strip_demo() : m.op_strip_test()}
          </p>
        )}
        {view.book === 'live' && session.simulated && (
          <p className="book-strip">
            {m.op_strip_simulated()}{' '}
            <Link to={view.at('/settings')} className="text-link">
              {m.op_strip_simulated_do()}
            </Link>
          </p>
        )}
        {children}
      </div>
    </div>
  );
}

function RailFoot({ session }: { readonly session: Session }) {
  const [theme, setTheme] = useState<Theme>(themeNow);
  const other = language() === 'en' ? 'zh-CN' : 'en';
  return (
    <div className="rail-foot">
      <label className="visually-hidden" htmlFor="theme">
        {m.chat_appearance()}
      </label>
      <select
        id="theme"
        className="input input-small"
        value={theme}
        onChange={(event) => {
          const next = event.target.value as Theme;
          changeTheme(next);
          setTheme(next);
        }}
      >
        <option value="system">{m.chat_appearance_system()}</option>
        <option value="light">{m.chat_appearance_light()}</option>
        <option value="dark">{m.chat_appearance_dark()}</option>
      </select>
      <button
        type="button"
        className="quiet-button"
        lang={other}
        onClick={() => changeLanguage(other)}
      >
        {other === 'en' ? 'English' : '简体中文'}
      </button>
      <p>
        <span>{session.person?.name}</span>
        <span className="faint">{session.operator && roleText(session.operator.role)}</span>
      </p>
      <div className="rail-ways">
        <a className="quiet-link" href="/">
          {m.op_to_chat()}
        </a>
        <button type="button" className="quiet-button" onClick={() => void signOut()}>
          {m.op_sign_out()}
        </button>
      </div>
    </div>
  );
}

export function roleText(role: 'owner' | 'operator' | 'support'): string {
  return { owner: m.op_role_owner, operator: m.op_role_operator, support: m.op_role_support }[
    role
  ]();
}
