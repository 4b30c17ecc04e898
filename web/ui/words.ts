import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

const isChinese = (): boolean => getLocale() === 'zh-CN';

/** Names after one another, as the language sets them apart. */
export function listed(names: readonly string[]): string {
  return names.join(isChinese() ? '、' : ', ');
}

/** Sentences after one another; what is missing is left out. Chinese sets no blank between them. */
export function sentences(parts: readonly (string | false | null | undefined)[]): string {
  return parts.filter(Boolean).join(m.ui_gap());
}
