import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { labelValues } from "../../api/api";
import { CloseIcon } from "../../parts/icons";
import { Failure } from "../../parts/Failure";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { VirtualRows } from "../../parts/VirtualRows";
import { typeOf, useMetadata } from "../../promql/metadata";
import { BrowserFrame } from "./BrowserFrame";
import { IconButton } from "./IconButton";
import styles from "./MetricBrowser.module.css";
import { MetricDetail } from "./MetricDetail";
import { searchNames } from "./selection";

interface MetricBrowserProps {
  /** The metric shown, "" for the list. */
  metric: string;
  onMetric: (metric: string) => void;
  onClose: () => void;
  onInsert: (expr: string) => void;
  onAsk: (expr: string) => void;
}

const ROW = 32;

/** All metrics by name; one of them with its labels, values and what can be asked of it. */
export function MetricBrowser({ metric, onMetric, onClose, onInsert, onAsk }: MetricBrowserProps) {
  const [text, setText] = useState("");
  return (
    <BrowserFrame label="Metrics" onClose={onClose}>
      <header className={styles.header}>
        {metric === "" ? <h2 className={styles.title}>Metrics</h2> : <button type="button" className={styles.back} onClick={() => onMetric("")}>‹ All metrics</button>}
        <IconButton label="Close metrics" onClick={onClose}><CloseIcon /></IconButton>
      </header>
      {metric === "" ? <Names {...{ text }} onText={setText} onMetric={onMetric} /> : <MetricDetail key={metric} {...{ metric, onInsert, onAsk }} />}
    </BrowserFrame>
  );
}

function Names({ text, onText, onMetric }: { text: string; onText: (text: string) => void; onMetric: (metric: string) => void }) {
  const { data, error, isPending } = useQuery({ queryKey: ["names"], queryFn: ({ signal }) => labelValues("__name__", undefined, signal), staleTime: 30_000, refetchInterval: 60_000 });
  const metadata = useMetadata();
  const late = useLate(isPending);
  const found = useMemo(() => searchNames(data ?? [], text), [data, text]);
  if (!data) return error ? <Failure failure={error} compact /> : late ? <Placeholder height={320} /> : null;
  return (
    <>
      <input type="search" className={styles.search} value={text} placeholder="Search by name" aria-label="Search metrics" autoFocus onChange={(event) => onText(event.currentTarget.value)} />
      <p className={styles.count} role="status">
        {found.length === data.length ? `${data.length.toLocaleString("en")} metrics` : `${found.length.toLocaleString("en")} of ${data.length.toLocaleString("en")} metrics`}
      </p>
      {found.length === 0 ? (
        <p className={styles.empty}>{data.length === 0 ? "No samples have arrived yet. This host's own metrics appear within ten seconds of the start." : `No metric's name contains “${text}”.`}</p>
      ) : (
        <VirtualRows
          role="list"
          label="Metrics"
          className={styles.names}
          count={found.length}
          rowHeight={ROW}
          render={(index) => {
            const name = found[index] as string;
            return (
              <div key={name} role="listitem">
                <button type="button" className={styles.name} title={name} onClick={() => onMetric(name)}>
                  <span>{name}</span>
                  <span className={styles.type}>{typeOf(metadata, name)}</span>
                </button>
              </div>
            );
          }}
        />
      )}
    </>
  );
}
