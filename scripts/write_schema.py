"""Write src/koepel/data/scenario.schema.json from the nouns: python scripts/write_schema.py"""

from __future__ import annotations

import json
from pathlib import Path

from koepel.scenario import schema

OUT = Path(__file__).parents[1] / "src/koepel/data/scenario.schema.json"

if __name__ == "__main__":
    OUT.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
