import { createContext, useContext, useState } from 'react';

/** Whether the reader has agreed to pictures from elsewhere once and for all. */
export const LoadImages = createContext(false);

/**
 * A picture of the web, behind a button: loading it tells its server who reads, and when, so that is the
 * reader's to decide. Even then it comes through our own server: the picture's learns of a reader, and
 * not of which.
 */
export function RemoteImage({ src, alt }: { readonly src: string; readonly alt: string }) {
  const isAgreed = useContext(LoadImages);
  const [isAsked, setAsked] = useState(false);
  if ((isAgreed || isAsked) && /^https:\/\//i.test(src))
    return (
      <img
        src={`/api/chat/picture?url=${encodeURIComponent(src)}`}
        alt={alt || src}
        loading="lazy"
      />
    );
  return (
    <button type="button" className="remote-image" data-src={src} onClick={() => setAsked(true)}>
      {alt || src}
    </button>
  );
}
