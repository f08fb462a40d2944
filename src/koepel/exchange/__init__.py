"""To other tools and from them: places, harm and the tracks of a run as GeoJSON, KML, CZML, CSV and Parquet; places in.

What goes out obeys the rules of the page: harm by region or by cells of at least 25 km; fire units, sensors and
exact tracks for the invented countries that come with koepel, and for no other scenario.
"""

from koepel.exchange.incoming import bring_in, read_points
from koepel.exchange.outgoing import FORMATS, export

__all__ = ["FORMATS", "bring_in", "export", "read_points"]
