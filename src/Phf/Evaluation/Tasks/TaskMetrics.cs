namespace Phf.Evaluation.Tasks;

/// <summary>Gathers the numbers of a <see cref="TaskResult"/>.</summary>
internal sealed class TaskMetrics
{
    private readonly Dictionary<string, double> _values = [];
    private readonly Dictionary<string, Interval> _intervals = [];

    public void Add(string name, double value) => _values.Add(name, value);

    public void Add(string name, Estimate estimate)
    {
        _values.Add(name, estimate.Value);
        if (estimate.Interval is { } interval) _intervals.Add(name, interval);
    }

    public TaskResult Result(string name, string description, int items) =>
        new() { Name = name, Description = description, Items = items, Metrics = _values, Intervals = _intervals };
}
