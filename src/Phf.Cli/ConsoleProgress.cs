using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Phf.Cli;

/// <summary>
/// Progress on standard error: description, bar, percentage, rate and remaining time in a terminal; a plain line every ten seconds and one
/// at the end elsewhere (log files). <see cref="Report"/> may be called as often as one likes.
/// </summary>
internal sealed class ConsoleProgress
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100), LineEvery = TimeSpan.FromSeconds(10);

    private readonly string _description;
    private readonly string _unit;
    private readonly double? _total;
    private readonly ProgressTask? _task;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next;
    private double _done, _before;
    private long _items;

    private ConsoleProgress(string description, string unit, double? total, ProgressTask? task)
        => (_description, _unit, _total, _task, _next) = (description, unit, total, task, task is null ? LineEvery : TimeSpan.Zero);

    /// <summary>Runs <paramref name="work"/> under a progress display.</summary>
    /// <param name="description">What is being done, e.g. <c>scoring</c>.</param>
    /// <param name="unit">What <see cref="Report"/>'s items are, e.g. <c>documents</c>.</param>
    /// <param name="total">What <see cref="Report"/>'s done amounts to at the end; null when unknown.</param>
    /// <param name="work">Runs on the calling thread; its exceptions pass through.</param>
    public static void Run(string description, string unit, double? total, Action<ConsoleProgress> work)
    {
        if (Console.IsErrorRedirected)
        {
            var plain = new ConsoleProgress(description, unit, total, task: null);
            work(plain);
            plain.WriteLine();
            return;
        }
        var rate = new RateColumn(unit);
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), rate, new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(description), maxValue: total is > 0 ? total.Value : 1);
                task.IsIndeterminate = total is not > 0;
                var progress = new ConsoleProgress(description, unit, total, task);
                rate.Progress = progress;
                work(progress);
                task.IsIndeterminate = false;
                task.Value = task.MaxValue;
            });
    }

    /// <summary>Work that was done before (a resumed run): the remaining time is reckoned from here on.</summary>
    public void BeginAt(double done)
    {
        _before = done;
        _clock.Restart();
        _next = _task is null ? LineEvery : TimeSpan.Zero;
    }

    /// <param name="done">How far, in the units of the total (e.g. bytes of input).</param>
    /// <param name="items">How many items (e.g. documents).</param>
    public void Report(double done, long items)
    {
        (_done, _items) = (done, items);
        if (_clock.Elapsed < _next) return;
        if (_task is null) WriteLine();
        else if (_total is > 0) _task.Value = done;
        _next = _clock.Elapsed + (_task is null ? LineEvery : RedrawEvery);
    }

    private string Rate => string.Create(
        CultureInfo.InvariantCulture, $"{_items:N0} {_unit} | {_items / Math.Max(_clock.Elapsed.TotalSeconds, 1e-3):N0} {_unit}/s");

    private void WriteLine()
    {
        string share = "", remaining = "";
        if (_total is > 0 && _done > 0)
        {
            share = string.Create(CultureInfo.InvariantCulture, $"{Math.Min(100, 100 * _done / _total.Value):F1}% | ");
            if (_done > _before && _done < _total) remaining = $" | {TimeSpan.FromSeconds(Math.Round(_clock.Elapsed.TotalSeconds * (_total.Value - _done) / (_done - _before)))} left";
        }
        Console.Error.WriteLine($"{_description} {share}{Rate}{remaining}");
    }

    private sealed class RateColumn(string unit) : ProgressColumn
    {
        public ConsoleProgress? Progress { get; set; }

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
            => new Spectre.Console.Text(Progress?.Rate ?? $"0 {unit}");
    }
}
