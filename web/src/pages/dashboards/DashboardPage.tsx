import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Banner } from "../../parts/Banner";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { DashboardIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import textButton from "../../parts/TextButton.module.css";
import { Unsaved } from "../../parts/Unsaved";
import { useLate } from "../../parts/useLate";
import { navigate, readAddress, useAddress, withSearch } from "../../shell/address";
import { parseDuration } from "../../time/duration";
import { setRange } from "../../time/useTimeRange";
import { freeName, moved, nameFrom, NEW_PANEL, type Dashboard, type PanelSpec, type Stored } from "./dashboard";
import styles from "./DashboardPage.module.css";
import { DashboardTools } from "./DashboardTools";
import { PanelCell } from "./PanelCell";
import { PanelEditor } from "./PanelEditor";
import { PanelView } from "./PanelView";
import { remove, save, useListing, useStored } from "./store";
import { useValues } from "./useValues";
import { Variables } from "./Variables";

const setSearch = (name: string, value: string | null, options: { replace?: boolean } = {}): void => {
  const search = new URLSearchParams(readAddress().search);
  if (value === null) search.delete(name);
  else search.set(name, value);
  navigate(withSearch(location.pathname, search), options);
};

/** One dashboard: looked at, or with `edit` in its address changed. */
export function DashboardPage({ name }: { name: string }) {
  const { data, error, isPending } = useStored(name);
  const late = useLate(isPending);
  if (data) return <Opened key={`${name} ${data.version}`} stored={data} />;
  if (error instanceof ApiFailure && error.code === "not_found") {
    return (
      <EmptyState icon={<DashboardIcon />} title={`There is no dashboard named ${name}`}>
        <p>It may have been deleted or renamed. <Link to="/dashboards">See all dashboards</Link></p>
      </EmptyState>
    );
  }
  return error ? <Failure failure={error} /> : late ? <Placeholder height={320} /> : null;
}

function Opened({ stored }: { stored: Stored }) {
  const client = useQueryClient();
  const { search } = useAddress();
  const listing = useListing();
  const [draft, setDraft] = useState<Dashboard>(stored.dashboard);
  const [removed, setRemoved] = useState<{ panel: PanelSpec; at: number } | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const values = useValues(draft.variables);
  const editable = stored.origin === "saved";
  const editing = editable && search.get("edit") === "1";
  const opened = Number(search.get("panel") ?? "") || null;
  const changed = useMemo(() => JSON.stringify(draft) !== JSON.stringify(stored.dashboard), [draft, stored.dashboard]);

  // The range that the dashboard itself wishes, where the address says nothing else.
  useEffect(() => {
    const seconds = parseDuration(stored.dashboard.range);
    const { search: first } = readAddress();
    if (seconds && !first.has("range") && !first.has("from")) setRange({ kind: "last", seconds, live: first.get("live") !== "0" });
  }, [stored.dashboard.range]);

  const setPanels = useCallback((change: (panels: PanelSpec[]) => PanelSpec[]) => setDraft((old) => ({ ...old, panels: change(old.panels) })), []);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (reason) {
      setFailure(reason instanceof ApiFailure ? reason : new ApiFailure("broken", String(reason), "page"));
    }
    setBusy(false);
  };
  const store = (dashboard: Dashboard, version: number): Promise<void> =>
    attempt(async () => {
      const next = await save(dashboard, version);
      client.setQueryData(["dashboard", dashboard.name], next);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      const rest = new URLSearchParams(readAddress().search);
      if (dashboard.name === stored.dashboard.name) rest.delete("edit");
      else rest.set("edit", "1");
      rest.delete("panel");
      navigate(withSearch(`/ui/dashboards/${dashboard.name}`, rest), { replace: dashboard.name === stored.dashboard.name, sure: true });
    });
  const taken = new Set(listing.data?.dashboards.map((one) => one.name));
  const copy = (): Promise<void> => {
    const title = `${draft.title} (copy)`;
    return store({ ...draft, title, name: freeName(nameFrom(title), taken) }, 0);
  };
  const discard = (): void => {
    setDraft(stored.dashboard);
    setFailure(null);
    setSearch("edit", null);
  };

  const alone = opened !== null && !editing ? draft.panels[opened - 1] : undefined;
  const edited = opened !== null && editing ? draft.panels[opened - 1] : undefined;
  return (
    <div className={styles.page} data-editing={editing || undefined}>
      <DashboardTools
        {...{ stored, draft, editing, editable, changed, busy }}
        onEdit={() => setSearch("edit", "1")}
        onChange={setDraft}
        onSave={() => void store(draft, stored.version)}
        onDiscard={discard}
        onCopy={() => void copy()}
        onDelete={() => void attempt(async () => {
          await remove(draft.name);
          await client.invalidateQueries({ queryKey: ["dashboards"] });
          navigate(withSearch("/ui/dashboards", new URLSearchParams()), { sure: true });
        })}
      />
      {failure && (
        <Banner>
          <p>{failure.code === "conflict" ? "Somebody else saved this dashboard meanwhile; nothing of yours is lost." : failure.message} <code>{failure.code}</code></p>
          {failure.code === "conflict" && (
            <>
              <Button size="xs" onClick={() => void copy()}>Save mine as a copy</Button>
              <Button size="xs" variant="default" onClick={() => void client.invalidateQueries({ queryKey: ["dashboard", draft.name] })}>Show theirs, lose mine</Button>
            </>
          )}
        </Banner>
      )}
      <Variables variables={draft.variables} />
      {alone ? (
        <>
          <p className={styles.back}><button type="button" className={textButton.button} onClick={() => setSearch("panel", null)}>All panels of {draft.title}</button></p>
          <PanelView panel={{ ...alone, height: Math.max(16, alone.height) }} values={values.text} />
        </>
      ) : draft.panels.length === 0 ? (
        <EmptyState icon={<DashboardIcon />} title="No panels yet" within>
          <p>{editing ? "Add the first one below." : "Edit the dashboard to add some."}</p>
        </EmptyState>
      ) : (
        <div className={styles.grid}>
          {draft.panels.map((panel, at) => (
            <PanelCell
              key={at}
              {...{ panel, at, editing, values }}
              count={draft.panels.length}
              onMove={(to, from = at) => setPanels((panels) => moved(panels, from, to))}
              onWidth={(width) => setPanels((panels) => panels.map((one, i) => (i === at ? { ...one, width } : one)))}
              onDuplicate={() => setPanels((panels) => [...panels.slice(0, at + 1), { ...panel, title: `${panel.title} (copy)` }, ...panels.slice(at + 1)])}
              onRemove={() => {
                setRemoved({ panel, at });
                setPanels((panels) => panels.filter((_, i) => i !== at));
              }}
              onOpen={() => setSearch("panel", String(at + 1))}
            />
          ))}
        </div>
      )}
      {editing && (
        <p className={styles.add}>
          <Button
            variant="default"
            onClick={() => {
              setPanels((panels) => [...panels, NEW_PANEL]);
              setSearch("panel", String(draft.panels.length + 1));
            }}
          >
            Add panel
          </Button>
          {removed && (
            <Button
              variant="default"
              onClick={() => {
                setPanels((panels) => [...panels.slice(0, removed.at), removed.panel, ...panels.slice(removed.at)]);
                setRemoved(null);
              }}
            >
              Bring “{removed.panel.title || "Untitled"}” back
            </Button>
          )}
        </p>
      )}
      {edited && opened !== null && (
        <PanelEditor
          key={opened}
          panel={edited}
          values={values.text}
          onChange={(panel) => setPanels((panels) => panels.map((one, i) => (i === opened - 1 ? panel : one)))}
          onClose={() => setSearch("panel", null)}
        />
      )}
      <Unsaved changed={changed} />
    </div>
  );
}
