export interface Ending {
  word: string;
  /** Seconds. */
  until: number;
}

const HOUR = 3600;
const MORNING = 8;
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Ends that people mean, from a start on: so long, or until one is back at work in the reader's time zone. */
export function endings(start: number): Ending[] {
  const tomorrow = morning(start, 1);
  const day = new Date(start * 1000).getDay();
  const toMonday = (8 - day) % 7 || 7;
  return [
    { word: "30 min", until: start + HOUR / 2 },
    { word: "1 hour", until: start + HOUR },
    { word: "4 hours", until: start + 4 * HOUR },
    { word: "1 day", until: start + 24 * HOUR },
    { word: "Until tomorrow 08:00", until: tomorrow },
    ...(toMonday > 1 ? [{ word: `Until ${DAYS[1]} 08:00`, until: morning(start, toMonday) }] : []),
    { word: "1 week", until: start + 7 * 24 * HOUR },
  ];
}

/** Eight in the morning so many days later; days of 23 and 25 hours count as days. */
function morning(start: number, days: number): number {
  const date = new Date(start * 1000);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, MORNING).getTime() / 1000;
}
