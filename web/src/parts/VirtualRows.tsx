import { useLayoutEffect, useRef, useState, type ReactNode } from "react";

interface VirtualRowsProps {
  count: number;
  /** Pixels, the same for every row. */
  rowHeight: number;
  className?: string | undefined;
  role?: string | undefined;
  label?: string | undefined;
  /** Stays in sight above the rows. */
  head?: ReactNode;
  /** Told which rows there are, up to but without the last, whenever that changes. */
  onRange?: ((first: number, last: number) => void) | undefined;
  render: (index: number) => ReactNode;
}

const SPARE = 6;

/** A scrolling box in which only the rows in sight exist: ten thousand cost what thirty do. */
export function VirtualRows({ count, rowHeight, className, role, label, head, onRange, render }: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - SPARE, count - 1));
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + SPARE);
  const told = useRef(onRange);
  told.current = onRange;
  useLayoutEffect(() => told.current?.(first, last), [first, last]);
  const scrolls = count * rowHeight > height;
  return (
    <div ref={box} className={className} role={role} aria-label={label} aria-rowcount={role === "table" ? count + 1 : undefined} tabIndex={scrolls ? 0 : undefined} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      {head}
      <div role="presentation" style={{ height: first * rowHeight }} />
      {Array.from({ length: Math.max(0, last - first) }, (_, i) => render(first + i))}
      <div role="presentation" style={{ height: Math.max(0, count - last) * rowHeight }} />
    </div>
  );
}
