using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;

namespace Phf.Formats;

/// <summary>
/// A file of scalars that TensorBoard shows: records of the TFRecord form, each an Event message. A record is its length (u64), the masked
/// CRC-32C of these eight bytes, the message, and the masked CRC-32C of the message, all little-endian.
/// </summary>
public sealed class EventFile : IDisposable
{
    private const int LengthBytes = 8, ChecksumBytes = 4, FrameBytes = LengthBytes + 2 * ChecksumBytes;
    private const uint MaskDelta = 0xa282ead8;
    private const string Version = "brain.Event:2";

    // Fields of the messages, as tensorflow's event.proto and summary.proto number them.
    private const int EventWallTime = 1, EventStep = 2, EventFileVersion = 3, EventSummary = 5, SummaryValue = 1, ValueTag = 1, ValueSimple = 2;

    private readonly FileStream _file;

    private EventFile(FileStream file) => _file = file;

    /// <summary>Opens a file to append to, or begins one.</summary>
    public static EventFile Append(string path)
    {
        var events = new EventFile(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read));
        if (events._file.Length == 0) events.Write(Message(output =>
        {
            output.WriteTag(EventWallTime, WireFormat.WireType.Fixed64);
            output.WriteDouble(Now());
            output.WriteTag(EventFileVersion, WireFormat.WireType.LengthDelimited);
            output.WriteString(Version);
        }));
        return events;
    }

    /// <summary>Appends the scalars of a step as one record, through to the operating system.</summary>
    public void Write(long step, IReadOnlyList<(string Tag, double Value)> scalars)
    {
        byte[] summary = Message(output =>
        {
            foreach ((string tag, double value) in scalars)
            {
                byte[] scalar = Message(inner =>
                {
                    inner.WriteTag(ValueTag, WireFormat.WireType.LengthDelimited);
                    inner.WriteString(tag);
                    inner.WriteTag(ValueSimple, WireFormat.WireType.Fixed32);
                    inner.WriteFloat((float)value);
                });
                output.WriteTag(SummaryValue, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(UnsafeByteOperations.UnsafeWrap(scalar));
            }
        });
        Write(Message(output =>
        {
            output.WriteTag(EventWallTime, WireFormat.WireType.Fixed64);
            output.WriteDouble(Now());
            output.WriteTag(EventStep, WireFormat.WireType.Varint);
            output.WriteInt64(step);
            output.WriteTag(EventSummary, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(summary));
        }));
    }

    /// <summary>Drops the records behind <paramref name="lastStep"/>, and from the first damaged one on: a kill may have cut it short.</summary>
    public static void Truncate(string path, long lastStep)
    {
        if (!File.Exists(path)) return;
        byte[] content = File.ReadAllBytes(path);
        DurableFile.Write(path, stream =>
        {
            for (int at = 0; MessageAt(content, at) is { Length: > 0 } message; at += FrameBytes + message.Length)
                if (StepOf(message) <= lastStep) stream.Write(content, at, FrameBytes + message.Length);
        });
    }

    public void Dispose() => _file.Dispose();

    private void Write(byte[] message)
    {
        byte[] record = new byte[FrameBytes + message.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(LengthBytes), MaskedChecksum(record.AsSpan(0, LengthBytes)));
        message.CopyTo(record, LengthBytes + ChecksumBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - ChecksumBytes), MaskedChecksum(message));
        _file.Write(record);
        _file.Flush();
    }

    /// <summary>The message of the record at <paramref name="at"/>; null where there is no whole one.</summary>
    private static byte[]? MessageAt(byte[] content, int at)
    {
        ReadOnlySpan<byte> rest = content.AsSpan(at);
        if (rest.Length < FrameBytes) return null;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        if (length > (ulong)(rest.Length - FrameBytes) || BinaryPrimitives.ReadUInt32LittleEndian(rest[LengthBytes..]) != MaskedChecksum(rest[..LengthBytes])) return null;
        ReadOnlySpan<byte> message = rest.Slice(LengthBytes + ChecksumBytes, (int)length);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(rest[(LengthBytes + ChecksumBytes + (int)length)..]);
        return checksum == MaskedChecksum(message) ? message.ToArray() : null;
    }

    /// <summary>0 for the record that begins the file.</summary>
    private static long StepOf(byte[] message)
    {
        var input = new CodedInputStream(message);
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            if (WireFormat.GetTagFieldNumber(tag) == EventStep) return input.ReadInt64();
            input.SkipLastField();
        }
        return 0;
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true)) write(output);
        return buffer.ToArray();
    }

    private static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes) crc = BitOperations.Crc32C(crc, value);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + MaskDelta;
    }

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
}
