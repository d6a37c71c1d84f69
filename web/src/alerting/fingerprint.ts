import type { Labels } from "../api/responses";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const BITS = 0xffffffffffffffffn;

/** What Alertmanager calls an alert by: 64-bit FNV-1a over its sorted names and values, each followed by 0xff, in hexadecimal. */
export function fingerprintOf(labels: Labels): string {
  const encoder = new TextEncoder();
  let digest = OFFSET;
  for (const name of Object.keys(labels).sort()) {
    for (const text of [name, labels[name] as string]) {
      for (const byte of encoder.encode(text)) digest = ((digest ^ BigInt(byte)) * PRIME) & BITS;
      digest = ((digest ^ 0xffn) * PRIME) & BITS;
    }
  }
  return digest.toString(16).padStart(16, "0");
}
