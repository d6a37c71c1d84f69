import { Failure } from "./Failure";
import list from "./ListPage.module.css";
import { Placeholder } from "./Placeholder";

interface AwaitedProps {
  title: string;
  /** Why it cannot be shown. */
  failure: Error | null;
  /** Whether it has been waited for so long that the space is to be seen. */
  late: boolean;
  /** About as high, in pixels, as what is to come. */
  height: number;
}

/** A page that lists, before its list is there. */
export function Awaited({ title, failure, late, height }: AwaitedProps) {
  return (
    <>
      <h1 className={list.heading}>{title}</h1>
      {failure ? <Failure failure={failure} compact /> : late ? <Placeholder height={height} /> : null}
    </>
  );
}
