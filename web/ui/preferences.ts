import { getLocale, setLocale } from '../paraglide/runtime.js';

export type Theme = 'light' | 'dark' | 'system';

export function theme(): Theme {
  const kept = localStorage.getItem('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function changeTheme(next: Theme): void {
  if (next === 'system') {
    localStorage.removeItem('theme');
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem('theme', next);
    document.documentElement.dataset['theme'] = next;
  }
}

export type Language = 'en' | 'zh-CN';

export const language = (): Language => getLocale();

/** Loads the page anew in another language. */
export function changeLanguage(next: Language): void {
  void setLocale(next);
}
