using System.Runtime.ExceptionServices;
using Phf.Data;

namespace Phf.Training;

/// <summary>
/// Reads batches on a thread of its own, one ahead of the computing. The readers are ahead, too, but <see cref="Cursors"/> is the place
/// of what was taken, so it does not matter to a checkpoint how far the thread has come. Allocates nothing after its construction.
/// </summary>
internal sealed class BatchFeeder : IDisposable
{
    private readonly BlockReader[] _readers; // one for each sequence of a step
    private readonly int _rows;              // B, sequences of a batch
    private readonly TokenBatch[] _batches = new TokenBatch[2];
    private readonly DataCursor[][] _after = new DataCursor[2][]; // (B) next block of each of a batch's readers
    private readonly DataCursor[] _cursors;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private long _read, _taken;
    private bool _isDisposed;
    private ExceptionDispatchInfo? _problem;

    /// <param name="readers">A multiple of B endless readers; belong to the feeder from now on.</param>
    /// <param name="rows">B, sequences of a batch.</param>
    /// <param name="time">T, tokens of a sequence.</param>
    public BatchFeeder(BlockReader[] readers, int rows, int time)
    {
        (_readers, _rows) = (readers, rows);
        _cursors = [.. readers.Select(reader => reader.Cursor)];
        for (int i = 0; i < 2; i++) (_batches[i], _after[i]) = (new TokenBatch(rows, time), new DataCursor[rows]);
        _thread = new Thread(Read) { IsBackground = true, Name = "phf data" };
        _thread.Start();
    }

    /// <summary>The next block of each sequence of a step, as if nothing had been read ahead.</summary>
    public ReadOnlySpan<DataCursor> Cursors => _cursors;

    /// <summary>The next batch: that of the sequences 0 .. B - 1, then B .. 2 B - 1 and so on, and round again. Valid until the next call.</summary>
    public TokenBatch Take()
    {
        int slot = (int)(_taken % 2);
        lock (_gate)
        {
            while (_read == _taken && _problem is null) Monitor.Wait(_gate);
            if (_read == _taken) _problem!.Throw();
            _taken++;
            Monitor.Pulse(_gate); // the batch before this one is free
        }
        _after[slot].CopyTo(_cursors, FirstReader(_taken - 1));
        return _batches[slot];
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join(); // the data may be closed after this
    }

    private int FirstReader(long batch) => (int)(batch % (_readers.Length / _rows)) * _rows;

    private void Read()
    {
        try
        {
            while (WaitForRoom())
            {
                int slot = (int)(_read % 2);
                Span<BlockReader> readers = _readers.AsSpan(FirstReader(_read), _rows);
                _batches[slot].Fill(readers);
                for (int row = 0; row < _rows; row++) _after[slot][row] = readers[row].Cursor;
                lock (_gate)
                {
                    _read++;
                    Monitor.Pulse(_gate);
                }
            }
        }
        catch (Exception problem) // damaged data; told to whoever takes the batch
        {
            lock (_gate)
            {
                _problem = ExceptionDispatchInfo.Capture(problem);
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Waits until the batch that would be overwritten is no longer in use; false at the end.</summary>
    private bool WaitForRoom()
    {
        lock (_gate)
        {
            while (!_isDisposed && _read > _taken) Monitor.Wait(_gate);
            return !_isDisposed;
        }
    }
}
