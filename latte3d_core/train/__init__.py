"""Training stages. Stage 0 (reconstruction) is ``pretrain``."""
