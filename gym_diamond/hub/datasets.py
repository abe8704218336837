"""Public Minari datasets, fetched from where Minari keeps them: the Hub, or what MINARI_REMOTE names.

Minari's own download writes into the place of the dataset, where half of one looks like a whole one, and tries for half
a minute without a network. Here a dataset is fetched beside its place and moved there when it is complete.
"""

import shutil
from collections.abc import Callable, Sequence

from gym_diamond.data.dataset import dataset_path, publish
from gym_diamond.data.workplace import workplace
from gym_diamond.errors import HubError, InvalidArgument, MissingExtra
from gym_diamond.hub.address import DEFAULT_REVISION, Address
from gym_diamond.hub.connection import check_reachable, explaining

try:
    from minari import supported_dataset_versions
    from minari.storage import get_dataset_path
    from minari.storage.remotes import get_cloud_storage
    from minari.storage.remotes.cloud_storage import CloudStorage
    from minari.storage.remotes.huggingface import HuggingFaceStorage
except ImportError as error:
    raise MissingExtra('Datasets need Minari: pip install "gym-diamond[train]"') from error


def fetch_missing(names: Sequence[str], tell: Callable[[str], object]) -> None:
    """Fetch those Minari datasets in `names` that are not here.

    Args:
        names: "namespace/name-v0".
        tell: is told what is fetched, and how large it is.

    Raises:
        InvalidDataset: a name is malformed.
        InvalidArgument: MINARI_REMOTE names no place that Minari knows.
        HubError: there is no connection, no such dataset, or it is of a Minari that this one cannot read. Nothing of it
            is left behind then.
        OSError: the datasets' folder is not writable, or the disk is full.
    """
    missing = [name for name in names if not (dataset_path(name) / "data").is_dir()]
    for name in missing:
        remote = _remote()
        try:
            if isinstance(remote, HuggingFaceStorage):
                check_reachable()
                with explaining(Address(f"{remote.name}/{name.split('/')[0]}", DEFAULT_REVISION), "The download"):
                    _fetch(name, remote, tell)
            else:
                _fetch(name, remote, tell)
        except HubError as error:
            raise HubError(f"Dataset {name!r} is not here, and it cannot be fetched. {error}") from error


def _remote() -> CloudStorage:
    try:
        return get_cloud_storage()
    except ImportError as error:
        raise MissingExtra(str(error)) from error
    except (KeyError, ValueError) as error:
        raise InvalidArgument("MINARI_REMOTE must be hf://OWNER or gcp://BUCKET.") from error


def _fetch(name: str, remote: CloudStorage, tell: Callable[[str], object]) -> None:
    metadata = remote.get_dataset_metadata(name)
    tell(f"Fetching dataset {name}, {metadata.get('dataset_size', 0):,.1f} MB.")
    version = str(metadata.get("minari_version"))
    if version not in supported_dataset_versions:
        allowed = ", ".join(sorted(supported_dataset_versions))
        raise HubError(f"It was written by Minari {version}; the one that is installed reads {allowed}.")
    with workplace(get_dataset_path(), name, timeout=-1) as temporary:
        if (dataset_path(name) / "data").is_dir():  # another process fetched it while this one waited
            return
        remote.download_dataset(name, temporary)
        shutil.move(temporary / name / "data", temporary / "data")
        publish(temporary, dataset_path(name), name)
