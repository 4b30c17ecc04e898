import { useMemo } from 'react';
import encodeQr from 'qr';

/** Light squares around the code: what readers need to find it (ISO/IEC 18004, 5.3.8). */
const QUIET = 4;

/** A QR code, drawn here: its text goes nowhere. Dark on light in every look, since readers need that. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const rows = useMemo(() => encodeQr(text, 'raw', { ecc: 'medium', border: QUIET }), [text]);
  const size = rows.length;
  const path = rows
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg className="qr-code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}
