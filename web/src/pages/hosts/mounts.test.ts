import { expect, it } from "vitest";
import { mountsOf } from "./mounts";

const reading = (mountpoint: string, device: string, value: number) => ({ labels: { mountpoint, device, fstype: "ext4" }, value });

it("puts the fullest first and tells used from available", () => {
  const sizes = [reading("/", "a", 100), reading("/srv", "b", 200)];
  const mounts = mountsOf(sizes, [reading("/", "a", 60), reading("/srv", "b", 20)], [reading("/", "a", 55), reading("/srv", "b", 10)]);
  expect(mounts.map(({ mountpoint, used, share }) => [mountpoint, used, Math.round(share)])).toEqual([["/srv", 180, 95], ["/", 40, 42]]);
});

it("shows one filesystem mounted in several places once, by its shortest path", () => {
  const rows = ["/etc/hosts", "/", "/etc/hostname"].map((path) => reading(path, "a", 100));
  const left = rows.map((row) => ({ ...row, value: 40 }));
  expect(mountsOf(rows, left, left).map(({ mountpoint, others }) => [mountpoint, others])).toEqual([["/", 2]]);
});

it("leaves out filesystems without size", () => {
  expect(mountsOf([reading("/proc", "proc", 0)], [], [reading("/proc", "proc", 0)])).toEqual([]);
});
