"""From text to features: takes apart what is around the quarters in a GeoJSON file (RFC 7946 section 3)."""

import json
from typing import Any

from nachbarschaft.geography.problems import Refused

BYTE_ORDER_MARK = "\ufeff"
WGS84_NAMES = frozenset(
    {
        "urn:ogc:def:crs:ogc:1.3:crs84",
        "urn:ogc:def:crs:ogc::crs84",
        "http://www.opengis.net/def/crs/ogc/1.3/crs84",
        "ogc:crs84",
        "crs84",
        "epsg:4326",
        "urn:ogc:def:crs:epsg::4326",
        "http://www.opengis.net/def/crs/epsg/0/4326",
    }
)
"""Spellings of longitude and latitude on WGS 84 that files carry in the `crs` member of GeoJSON 2008."""

HOW_TO_CONVERT = (
    "Convert it to longitude and latitude (WGS 84), for example with "
    "`ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES new.geojson old.geojson`."
)


def read_features(text: str) -> list[Any]:
    """The features of a FeatureCollection, or the one Feature that the file is; raises Refused."""
    document = _load(text.removeprefix(BYTE_ORDER_MARK))
    if not isinstance(document, dict):
        raise Refused("The file is JSON, but not GeoJSON: a FeatureCollection object is expected.")
    refuse_other_crs(document)
    if document.get("type") == "Feature":
        return [document]
    if document.get("type") == "FeatureCollection":
        return _features_in(document)
    raise Refused(
        f"The file's `type` is {said(document.get('type'))}; a FeatureCollection or one Feature is expected. "
        "A bare geometry has no name: wrap it in a Feature. Other formats must be converted to GeoJSON."
    )


def refuse_other_crs(holder: dict[str, Any]) -> None:
    """Raises Refused if a legacy `crs` member (GeoJSON 2008, dropped by RFC 7946) names another system."""
    crs = holder.get("crs")
    if crs is None:
        return
    name = _crs_name(crs)
    if not isinstance(name, str) or name.strip().lower() not in WGS84_NAMES:
        raise Refused(f"The file says that its coordinates are in {said(name or crs)}. {HOW_TO_CONVERT}")


def _crs_name(crs: object) -> object:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    return properties.get("name") if isinstance(properties, dict) else None


def _features_in(collection: dict[str, Any]) -> list[Any]:
    features = collection.get("features")
    if not isinstance(features, list):
        raise Refused("The FeatureCollection has no list called `features`.")
    if not features:
        raise Refused("The file holds no quarter: `features` is empty.")
    return features


def _load(text: str) -> object:
    if not text.strip():
        raise Refused("The file is empty.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"The file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except (RecursionError, ValueError) as error:  # nested too deep, or a number with thousands of digits
        raise Refused("The file is JSON that cannot be read: too deep, or a number too long.") from error


def said(value: object, *, most: int = 60) -> str:
    """A foreign value as it stood in the file, cut to a length that a message can bear."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 1] + "…"
