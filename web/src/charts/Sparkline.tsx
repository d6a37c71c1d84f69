import styles from "./Sparkline.module.css";

interface SparklineProps {
  values: ReadonlyArray<number | null>;
  /** The value at the upper edge; the largest value when absent. */
  max?: number;
}

const WIDTH = 120;
const HEIGHT = 36;

/** The shape of a series without axes; the number beside it says the rest. */
export function Sparkline({ values, max }: SparklineProps) {
  const top = max ?? Math.max(1e-9, ...values.map((value) => value ?? 0)) * 1.1;
  const x = (i: number): number => (i / Math.max(1, values.length - 1)) * WIDTH;
  const y = (value: number): number => HEIGHT - 1 - (Math.min(value, top) / top) * (HEIGHT - 2);
  let path = "";
  let area = "";
  let pen = false;
  let end = 0;
  values.forEach((value, i) => {
    if (value === null) {
      if (pen) area += `L${end.toFixed(1)} ${HEIGHT}Z`;
      pen = false;
      return;
    }
    const point = `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    path += `${pen ? "L" : "M"}${point}`;
    area += pen ? `L${point}` : `M${x(i).toFixed(1)} ${HEIGHT}L${point}`;
    pen = true;
    end = x(i);
  });
  if (pen) area += `L${end.toFixed(1)} ${HEIGHT}Z`;
  return (
    <svg className={styles.sparkline} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path className={styles.area} d={area} />
      <path className={styles.line} d={path} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
