import { type ButtonHTMLAttributes, type ReactNode, useEffect, useId, useState } from 'react';
import type { ApiError } from '../chat/api.ts';
import { Icon } from '../chat/icons.tsx';
import { m } from '../paraglide/messages.js';
import { problemOf } from './problem-words.ts';

/** The mark: the word, crossed by the waterline. */
export function Wordmark({ to = '/' }: { readonly to?: string }) {
  return (
    <a className="wordmark" href={to}>
      Breakeven
    </a>
  );
}

export function Button({
  main = false,
  busy = false,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly main?: boolean;
  readonly busy?: boolean;
}) {
  return (
    <button
      type="button"
      {...rest}
      className={main ? 'button button-main' : 'button'}
      disabled={rest.disabled || busy}
      aria-busy={busy}
    >
      {children}
    </button>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

/** A labelled field; its error is said in words beside a sign, in ink. */
export function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & {
  readonly children: (ids: {
    readonly id: string;
    readonly 'aria-describedby'?: string;
    readonly 'aria-invalid'?: true;
  }) => ReactNode;
}) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...((hint || error) && { 'aria-describedby': note }),
        ...(error && { 'aria-invalid': true as const }),
      })}
      {error ? (
        <p id={note} className="field-error">
          <Icon name="info" size={15} />
          {error}
        </p>
      ) : (
        hint && (
          <p id={note} className="field-hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export function TextField({
  value,
  onChange,
  type = 'text',
  label,
  hint,
  error,
  ...rest
}: FieldProps & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'email' | 'password' | 'number';
  readonly autoComplete?: string;
  readonly autoFocus?: boolean;
  readonly placeholder?: string;
  readonly inputMode?: 'numeric' | 'decimal';
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <input
          {...rest}
          {...ids}
          className="input"
          type={type}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** A choice of a few, all in sight. */
export function Segments<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

/** One sentence that teaches, one action. */
export function Empty({
  children,
  action,
}: {
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="nothing">
      <p>{children}</p>
      {action}
    </div>
  );
}

/** The shape of what comes, after 200 ms only. */
export function Loading({ rows = 6 }: { readonly rows?: number }) {
  const [isShown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="loading" role="status" aria-label={m.ui_loading()}>
      {isShown && Array.from({ length: rows }, (_, index) => <span key={index} />)}
    </div>
  );
}

/** What happened and what to do now. */
export function Failure({
  error,
  onAgain,
}: {
  readonly error: ApiError;
  readonly onAgain?: () => void;
}) {
  return (
    <div className="failure" role="alert">
      <Icon name="info" />
      <div>
        <p>{problemOf(error)}</p>
        <p className="faint">
          <code>{error.code}</code>
        </p>
      </div>
      {/* What is not there does not come by asking again. */}
      {onAgain && error.code !== 'not_found' && <Button onClick={onAgain}>{m.ui_again()}</Button>}
    </div>
  );
}

/** How far long work has come, in words too. */
export function ProgressBar({
  share,
  label,
}: {
  readonly share: number | undefined;
  readonly label: string;
}) {
  return (
    <div className="progress">
      <progress aria-label={label} max={1} {...(share !== undefined && { value: share })} />
      <p aria-live="polite">{label}</p>
    </div>
  );
}
