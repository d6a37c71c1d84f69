/** A level drawn across a chart: a limit or a size to compare with. */
export interface Threshold {
  value: number;
  label: string;
  tone: "critical" | "warning" | "neutral";
}

/** A stretch of time shaded behind the lines. */
export interface TimeShade {
  from: number;
  to: number;
  tone: "firing" | "pending";
}

/** A moment drawn down a chart. */
export interface TimeMark {
  time: number;
  label: string;
  tone: "firing" | "pending" | "resolved" | "unknown";
}
