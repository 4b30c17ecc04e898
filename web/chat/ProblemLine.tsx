import { Icon } from './icons.tsx';

/** What went wrong with a form of the chat; nothing where nothing did. */
export function ProblemLine({ text }: { readonly text: string | undefined }) {
  return text ? (
    <p className="composer-error" role="alert">
      <Icon name="info" size={15} /> {text}
    </p>
  ) : null;
}
