import type { ReactNode } from "react";

interface IconProps {
  className?: string;
}

/** Our own line icons on a grid of 24, drawn in the text's colour. */
function icon(shape: ReactNode) {
  return function Icon({ className }: IconProps) {
    return (
      <svg
        className={className}
        viewBox="0 0 24 24"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {shape}
      </svg>
    );
  };
}

export const HostIcon = icon(<><rect x="4" y="4" width="16" height="7" rx="2" /><rect x="4" y="13" width="16" height="7" rx="2" /><path d="M8 7.5h.01M8 16.5h.01M12 7.5h4M12 16.5h4" /></>);
export const BellIcon = icon(<><path d="M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5z" /><path d="M10 20.5h4" /></>);
export const ClockIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="M12 7.5V12l3 2" /></>);
export const AlertIcon = icon(<><path d="M12 4.5 21 19.5H3z" /><path d="M12 10.5v4M12 17h.01" /></>);
export const CheckIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="m8.5 12.2 2.5 2.5 4.5-5" /></>);
export const DotIcon = icon(<circle cx="12" cy="12" r="3.5" fill="currentColor" stroke="none" />);
export const BackIcon = icon(<><circle cx="11" cy="11" r="6.5" /><path d="M8.5 11h5M16 16l4 4" /></>);
export const RefreshIcon = icon(<><path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9" /><path d="M19.5 4.5V9H15" /></>);
export const PauseIcon = icon(<path d="M9 6v12M15 6v12" />);
export const PlayIcon = icon(<path d="M8 5.5v13l10-6.5z" />);
export const SunIcon = icon(<><circle cx="12" cy="12" r="3.75" /><path d="M12 3.5v2M12 18.5v2M3.5 12h2M18.5 12h2M6 6l1.4 1.4M16.6 16.6 18 18M6 18l1.4-1.4M16.6 7.4 18 6" /></>);
export const MoonIcon = icon(<path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z" />);
export const AutoIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="M12 4v16M12 9l6.5-2.5M12 14l7.5-3M12 18.5l6-2.5" /></>);
export const ChevronIcon = icon(<path d="m8 10 4 4 4-4" />);
export const CollapseIcon = icon(<><rect x="4" y="5" width="16" height="14" rx="2" /><path d="M9.5 5v14" /></>);
export const UnlinkIcon = icon(<><path d="M5 12.5a10 10 0 0 1 14 0M8.2 15.8a5.4 5.4 0 0 1 7.6 0M12 19h.01" /><path d="M4 4l16 16" /></>);
export const KeyIcon = icon(<><circle cx="8" cy="15" r="4" /><path d="m11 12 8-8M16 7l2.5 2.5" /></>);
export const RuleIcon = icon(<><path d="M3.5 9h2M8.5 9h2M13.5 9h2M18.5 9h2" /><path d="M3.5 17.5c4.5 0 4.5-12 8.5-12s4 12 8.5 12" /></>);
export const CompassIcon = icon(<><circle cx="12" cy="12" r="8" /><path d="m15 9-1.7 4.3L9 15l1.7-4.3z" /></>);
export const PlusIcon = icon(<path d="M12 6v12M6 12h12" />);
export const CloseIcon = icon(<path d="m7 7 10 10M17 7 7 17" />);
export const CopyIcon = icon(<><rect x="9" y="9" width="10" height="10" rx="2" /><path d="M15 6.5V6a1.5 1.5 0 0 0-1.5-1.5h-7A2 2 0 0 0 4.5 6.5v7A1.5 1.5 0 0 0 6 15h.5" /></>);
export const EyeIcon = icon(<><path d="M3.5 12C5.5 8 8.5 6.5 12 6.5s6.5 1.5 8.5 5.5c-2 4-5 5.5-8.5 5.5S5.5 16 3.5 12z" /><circle cx="12" cy="12" r="2.5" /></>);
export const EyeOffIcon = icon(<><path d="M3.5 12C5.5 8 8.5 6.5 12 6.5s6.5 1.5 8.5 5.5c-2 4-5 5.5-8.5 5.5S5.5 16 3.5 12z" /><path d="M5 19 19 5" /></>);
export const StarIcon = icon(<path d="m12 4.5 2.300 4.800 5.200.7-3.800 3.600 1 5.200-4.700-2.600-4.700 2.600 1-5.200L4.5 10l5.200-.7z" />);
export const HistoryIcon = icon(<><path d="M4.5 12a7.5 7.5 0 1 0 2.200-5.300L4.5 9" /><path d="M4.5 4.5V9H9M12 8v4.5l3 1.5" /></>);
export const ListIcon = icon(<path d="M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01" />);
export const DashboardIcon = icon(<><rect x="4" y="4" width="7" height="9" rx="1.5" /><rect x="13" y="4" width="7" height="5" rx="1.5" /><rect x="4" y="15" width="7" height="5" rx="1.5" /><rect x="13" y="11" width="7" height="9" rx="1.5" /></>);
export const MoreIcon = icon(<path d="M6 12h.01M12 12h.01M18 12h.01" strokeWidth="2.5" />);
export const UpIcon = icon(<path d="m8 13.5 4-4 4 4" />);
export const DownIcon = icon(<path d="m8 10.5 4 4 4-4" />);
export const TargetIcon = icon(<><circle cx="12" cy="12" r="8" /><circle cx="12" cy="12" r="4" /><path d="M12 12h.01" strokeWidth="2.5" /></>);
export const ContainerIcon = icon(<><path d="M4 8.5 12 4.5l8 4v7l-8 4-8-4z" /><path d="m4 8.5 8 4 8-4M12 12.5v7" /></>);
export const OverviewIcon = icon(<><path d="M4.5 17.5a8.5 8.5 0 1 1 15 0" /><path d="m12 14 3.5-4.5" /><path d="M8 19.5h8" /></>);
export const ServerIcon = icon(<><rect x="4" y="13" width="16" height="7" rx="2" /><path d="M8 16.5h.01M12 10V4M9 6.5 12 3.5l3 3" /></>);
export const SilenceIcon = icon(<><path d="M6.5 16.5V11a5.5 5.5 0 0 1 8.7-4.500M17.5 10v6.500l1.5 1.500H8" /><path d="M10 20.5h4M4.5 19.500l15-15" /></>);
export const LogIcon = icon(<><path d="M4.5 6.500A1.5 1.5 0 0 1 6 5h12a1.5 1.5 0 0 1 1.5 1.500v8A1.5 1.5 0 0 1 18 16h-7l-4 3.500V16H6a1.5 1.5 0 0 1-1.5-1.500z" /><path d="M8.5 9h7M8.5 12h4" /></>);
export const ReceiverIcon = icon(<><path d="m20 4-6.5 16-3-7.500L3 9.500z" /><path d="M20 4 10.5 12.5" /></>);
export const PulseIcon = icon(<path d="M3.5 12.5H8l2.5-6 3.5 11 2.5-7 1 2h3" />);
export const IncidentIcon = icon(<><path d="M12 4a7 7 0 0 1 7 7v6.500H5V11a7 7 0 0 1 7-7z" /><path d="M3.500 20.500h17M12 8.500v3.500M12 14.500h.01" /></>);
export const MaintenanceIcon = icon(<path d="M14.500 5.500a4.500 4.500 0 0 0-5.700 5.700L4 16v4h4l4.800-4.800a4.500 4.500 0 0 0 5.700-5.700L15.500 12.500 12 12l-.5-3.500z" />);
export const BroadcastIcon = icon(<><rect x="3.500" y="5" width="17" height="14" rx="2" /><path d="M3.500 9h17M7 13h2.500M7 16h6M15 13.500l1.500 1.500 2.500-3" /></>);
