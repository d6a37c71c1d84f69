import { useState, type CSSProperties, type DragEvent } from "react";
import { DownIcon, UpIcon } from "../../parts/icons";
import { hrefOf, readAddress, withSearch } from "../../shell/address";
import { Placeholder } from "../../parts/Placeholder";
import type { PanelSpec } from "./dashboard";
import { Menu } from "../../parts/Menu";
import styles from "./PanelCell.module.css";
import { heightOf, PanelView } from "./PanelView";
import type { Values } from "./useValues";
import { substitute } from "./variables";
import { Visible } from "./Visible";

interface PanelCellProps {
  panel: PanelSpec;
  at: number;
  count: number;
  editing: boolean;
  values: Values;
  /** To a place, from this one or from another that was dragged here. */
  onMove: (to: number, from?: number) => void;
  onWidth: (width: number) => void;
  onDuplicate: () => void;
  onRemove: () => void;
  onOpen: () => void;
}

const DRAGGED = "application/x-sightline-panel";
const WIDTHS = [3, 4, 6, 8, 9, 12];

/** A panel in its place on the grid, with what can be done to it. */
export function PanelCell(props: PanelCellProps) {
  const { panel, at, count, editing, values } = props;
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    const from = Number(event.dataTransfer.getData(DRAGGED));
    setOver(false);
    if (Number.isInteger(from) && from !== at) props.onMove(at, from);
  };
  const title = panel.title || "Untitled";
  return (
    <div
      className={styles.cell}
      style={{ "--width": panel.width, "--half": Math.min(6, panel.width) } as CSSProperties}
      data-over={over || undefined}
      onDragOver={editing ? (event) => { if (event.dataTransfer.types.includes(DRAGGED)) { event.preventDefault(); setOver(true); } } : undefined}
      onDragLeave={() => setOver(false)}
      onDrop={editing ? drop : undefined}
    >
      {editing && (
        <div className={styles.bar} draggable onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(at))}>
          <span className={styles.grip} aria-hidden="true">⠿</span>
          <button type="button" className={styles.tool} aria-label={`Move ${title} earlier`} disabled={at === 0} onClick={() => props.onMove(at - 1)}><UpIcon /></button>
          <button type="button" className={styles.tool} aria-label={`Move ${title} later`} disabled={at === count - 1} onClick={() => props.onMove(at + 1)}><DownIcon /></button>
          <select className={styles.width} aria-label={`Width of ${title}`} value={panel.width} onChange={(event) => props.onWidth(Number(event.currentTarget.value))}>
            {[...new Set([...WIDTHS, panel.width])].sort((a, b) => a - b).map((width) => <option key={width} value={width}>{width} of 12</option>)}
          </select>
          <span className={styles.acts}>
            <button type="button" className={styles.word} onClick={props.onOpen} aria-label={`Edit ${title}`}>Edit</button>
            <button type="button" className={styles.word} onClick={props.onDuplicate} aria-label={`Duplicate ${title}`}>Duplicate</button>
            <button type="button" className={styles.word} onClick={props.onRemove} aria-label={`Remove ${title}`}>Remove</button>
          </span>
        </div>
      )}
      <div className={styles.panel}>
        <Visible height={heightOf(panel)}>
          {values.known ? <PanelView panel={panel} values={values.text} /> : <Placeholder height={heightOf(panel)} />}
        </Visible>
        {!editing && (
          <Menu label={`What to do with ${title}`} className={styles.menu ?? ""}>
            <button type="button" onClick={props.onOpen}>View alone</button>
            <a href={exploreAddress(panel, values.text)}>Open in Explore</a>
          </Menu>
        )}
      </div>
    </div>
  );
}

function exploreAddress(panel: PanelSpec, values: Readonly<Record<string, string>>): string {
  const address = new URL(hrefOf("/explore", readAddress().search), location.origin);
  for (const query of panel.queries) address.searchParams.append("q", substitute(query.expr, values));
  for (const query of panel.queries) address.searchParams.append("legend", query.legend);
  if (panel.unit !== "auto") address.searchParams.set("unit", panel.unit);
  if (panel.stacked) address.searchParams.set("stack", "1");
  return withSearch(address.pathname, address.searchParams);
}
