"""What relhub costs, as ratios to something bare that is measured beside it in the same run."""
