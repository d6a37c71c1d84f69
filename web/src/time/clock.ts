/** Times are Unix seconds everywhere in the UI. */
let offset = 0;

/** More than a report interval and its way here can explain: then the browser's clock is wrong. */
const TOLERATED_SKEW = 15;

export const now = (): number => Date.now() / 1000 + offset;

/** A sample that arrived this moment tells the server's clock. */
export function setClockFromSample(sampleTime: number): void {
  const skew = sampleTime - Date.now() / 1000;
  if (Math.abs(skew - offset) > TOLERATED_SKEW) offset = Math.abs(skew) > TOLERATED_SKEW ? skew : 0;
}
