namespace Phf.Evaluation;

/// <summary>A 95 % interval: the truth is outside in one case of twenty.</summary>
public sealed record Interval(double Low, double High);
