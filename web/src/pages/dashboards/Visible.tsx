import { useEffect, useRef, useState, type ReactNode } from "react";

/** How far outside of the window things are made ready already. */
const MARGIN = "200px";

/** Keeps a place of its height, and holds its content only near the window: what is out of sight asks nothing. */
export function Visible({ height, children }: { height: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), { rootMargin: MARGIN });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return <div ref={place} style={{ minHeight: height }}>{near && children}</div>;
}
