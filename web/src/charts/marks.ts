/** A level drawn across a chart: a limit or a size to compare with. */
export interface Threshold {
  value: number;
  label: string;
  tone: "critical" | "warning" | "neutral";
}

/** A moment drawn down a chart. */
export interface TimeMark {
  time: number;
  label: string;
  tone: "firing" | "pending" | "resolved" | "unknown";
}
