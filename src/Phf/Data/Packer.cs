namespace Phf.Data;
public static class Packer { public const string TrainSplit = "train", HeldOutSplit = "heldout"; }
