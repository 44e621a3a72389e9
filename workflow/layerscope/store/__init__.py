"""The names of a study's files, and the functions that read and write their content.

Nothing else in the project knows a path or an HDF5 key. The names are needed wherever Snakemake reads the rules, so h5py,
numpy and other libraries are imported inside the functions that use them. Other modules write `store.name` for all of it.

In a notebook:

    from layerscope import store
    for layer in store.representations("results/digits/runs/.../activations.h5"):
        print(layer.epoch, layer.layer, layer.filter, layer.array.shape)
"""

from layerscope.store.activations import (
    Predictions,
    StoredRepresentation,
    Targets,
    create_layer,
    has_layer,
    join_activations,
    predictions,
    read_index,
    read_labels,
    read_layer,
    read_layer_rows,
    read_targets,
    representations,
    series,
    write_observations,
    write_predictions,
)
from layerscope.store.datasets import (
    DataDescription,
    describe_data,
    read_images,
    read_split,
    read_split_labels,
    recorded_digest,
    split_names,
    write_data,
)
from layerscope.store.derived import (
    Neighbors,
    NeighborsFile,
    Neurons,
    embeddings,
    neurons,
    write_embedding,
    write_neighbors,
    write_neurons,
)
from layerscope.store.given import write_activations
from layerscope.store.hdf5 import (
    create_hdf5,
    examine_hdf5,
    file_params,
    file_provenance,
    open_hdf5,
    write_array,
)
from layerscope.store.job_files import (
    JobFiles,
    accompanied,
    job_files,
    jobs_of_file,
)
from layerscope.store.layout import (
    BATCHES,
    COMPARISON_COLUMNS,
    EXPLORER_PARTS,
    FIGURE_FORMATS,
    FILM_FORMATS,
    HISTORY_COLUMNS,
    RESERVED_STUDIES,
    SCHEMA,
    SCORE_COLUMNS,
    SCORE_TABLE_COLUMNS,
    SPLIT_OF_PHASE,
    SPLITS,
    TABLE_FORMATS,
    beside_network,
    compared_name,
    description_file,
    download_folder,
    draw_name,
    entrance,
    epoch_name,
    explorer_scripts,
    filter_name,
    in_study,
    input_folder,
    network_keys,
    path,
    pattern,
    run_folder,
    study_folder,
    study_of_runs,
)
from layerscope.store.networks import (
    StoredSpectrum,
    checkpoint_provenance,
    examine_checkpoints,
    read_linear_map,
    read_snapshot,
    snapshot_epochs,
    spectra,
    unfinished_training,
    write_checkpoints,
    write_spectra,
)
from layerscope.store.observations import (
    ObservationScores,
    observation_scores,
    read_observations,
    write_observation_scores,
)
from layerscope.store.published import (
    PUBLISHED_COLUMNS,
    PUBLISHED_TABLES,
    PUBLISHED_VALUE_COLUMNS,
    published_columns,
    published_file,
    published_names,
    published_rows,
    read_published,
    read_published_values,
)
from layerscope.store.reads import (
    KINDS_OF_FILES,
    Reads,
    add_reads,
    arguments_for,
    reads_of,
)
from layerscope.store.tables import (
    RUNS_AGAIN,
    ParquetTable,
    append_frame,
    read_comparison,
    read_comparisons,
    read_frame,
    read_history,
    read_runs,
    read_score_table,
    write_frame,
)
