"""What stands in which column of the uncertain figures, by the names that the catalogue uses."""

THREAT = (
    "speed_m_s", "height_low_m", "height_high_m", "high_share", "terminal_s", "price_usd", "fail_share",
    "soft_kill", "hardness", "exposure_radius_m", "debris_radius_m", "damage_usd", "alarm_lead_s", "loudness",
)  # fmt: skip
(
    T_SPEED, T_LOW, T_HIGH, T_HIGH_SHARE, T_TERMINAL, T_PRICE, T_FAIL,
    T_SOFT, T_HARD, T_EXPOSURE, T_DEBRIS, T_DAMAGE, T_LEAD, T_LOUD,
) = range(len(THREAT))  # fmt: skip

EFFECTOR = (
    "pk_drone", "pk_jet_drone", "pk_decoy", "pk_cruise", "pk_ballistic", "pk_supersonic",
    "range_min_m", "range_max_m", "height_min_m", "height_max_m", "footprint_along_m", "footprint_across_m",
    "footprint_offset_m", "speed_m_s", "min_speed_ratio", "price_usd", "bad_weather_factor", "soft_kill_per_s",
    "site_night_sd",
)  # fmt: skip
(
    E_PK, _, _, _, _, _,  # the kill probabilities stand first, one column for each kind of threat
    E_RANGE_MIN, E_RANGE_MAX, E_HEIGHT_MIN, E_HEIGHT_MAX, E_ALONG, E_ACROSS,
    E_OFFSET, E_SPEED, E_RATIO, E_PRICE, E_WEATHER, E_SOFT, E_SITE_SD,
) = range(len(EFFECTOR))  # fmt: skip

UNIT = ("channels", "reaction_s", "assess_s", "reload_s", "cycle_s", "availability", "los_height_m")
U_CHANNELS, U_REACTION, U_ASSESS, U_RELOAD, U_CYCLE, U_UP, U_LOS = range(len(UNIT))

MAGAZINE = ("ready", "reserve")
M_READY, M_RESERVE = range(len(MAGAZINE))

SENSOR = (
    "range_small_m", "range_medium_m", "range_large_m", "height_max_m", "antenna_height_m", "confirm_s",
    "share_delay_s", "availability", "detect_per_m", "classify_s", "bad_weather_factor",
)  # fmt: skip
(
    S_RANGE, _, _, S_HEIGHT_MAX, S_ANTENNA, S_CONFIRM, S_DELAY, S_UP, S_RATE, S_CLASSIFY, S_WEATHER,
) = range(len(SENSOR))  # fmt: skip

GENERAL = (
    "bad_share", "month_sd", "night_sd", "unreported", "decoys_counted", "fallen_counted",
    "density_per_km2", "debris_share", "alarm_hold_s", "track_memory_s", "missiles_night_sd",
)  # fmt: skip
(
    G_BAD, G_MONTH_SD, G_NIGHT_SD, G_UNREPORTED, G_DECOYS, G_FALLEN, G_DENSITY, G_DEBRIS, G_HOLD, G_MEMORY,
    G_MISSILES_SD,
) = range(len(GENERAL))  # fmt: skip

NEAR = ("share", "size_power", "night_sd")
N_SHARE, N_POWER, N_NIGHT_SD = range(len(NEAR))

KINDS = ("drone", "jet-drone", "decoy", "cruise", "ballistic", "supersonic")
DECOY = KINDS.index("decoy")
CLASSES = ("drone", "cruise", "ballistic", "supersonic", "other")
MISSILES = tuple(name in ("cruise", "ballistic", "supersonic") for name in CLASSES)
SIZES = ("small", "medium", "large")
FATES = ("killed", "lost", "fell", "leaked")
KILLED, LOST, FELL, LEAKED = range(len(FATES))
RULES = ("first-able", "cheapest", "marginal-value")
FIRST_ABLE, CHEAPEST, MARGINAL_VALUE = range(len(RULES))

# what a circle on the ground belongs to
MAGAZINE_SITE, SENSOR_SITE, JAMMER_SITE, ZONE_SITE = range(4)

# columns of a night's row after the blocks by type and by effector
SCALARS = (
    "impacts", "debris", "attacker_usd", "defender_usd", "averted_usd", "exposed", "warning_minutes",
    "alarm_hours", "bad_weather", "leaked_usd",
)  # fmt: skip
(
    O_IMPACTS, O_DEBRIS, O_ATTACKER, O_DEFENDER, O_AVERTED, O_EXPOSED, O_WARNING, O_ALARM, O_WEATHER, O_DAMAGE,
) = range(len(SCALARS))  # fmt: skip
PER_TYPE = (*FATES, "observed")
