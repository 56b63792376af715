using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Phf.Formats;
using Phf.Training;

namespace Phf.Tests.Training;

/// <summary>The file for TensorBoard, read by a reader of its own: bytes by the formats' descriptions, no package, no code of the writer.</summary>
public sealed class EventFileTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Run_WritesTheNumbersOfItsMetrics()
    {
        RunDirectory run = _runs.Start("run", _runs.AdvantageWeighted);
        SmallRun.Train(_runs.AdvantageWeighted, run);
        AssertSameAsMetrics(run);
        string[] tags = [.. ReadScalars(run.EventsPath).Select(scalar => scalar.Tag).Distinct()];
        Assert.Superset(new HashSet<string> { "train/loss", "train/grad_norm", "train/lr", "train/tokens_per_second", "heldout/loss", "weights/avg", "weights/p50", "value/loss" }, new HashSet<string>(tags));
    }

    [Fact]
    public void KilledAndResumed_HasEachStepOnce()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        Assert.Throws<KilledException>(() => SmallRun.Train(_runs.Config, run, observer: new Observer(killAt: 7)));
        File.AppendAllText(run.EventsPath, "\u0007 cut short"); // as a kill within a record leaves it
        SmallRun.Train(_runs.Config, run, run.LatestCheckpoint());
        AssertSameAsMetrics(run);
        Assert.Equal([1L, 2, 3, 4, 5, 6, 7, 8], ReadScalars(run.EventsPath).Where(scalar => scalar.Tag == "train/loss").Select(scalar => scalar.Step));
    }

    [Fact]
    public void Record_IsWhatTheFormatSays()
    {
        string path = _runs.At("events");
        using (EventFile events = EventFile.Append(path)) events.Write(300, [("a/b", 0.5), ("c", -2)]);
        using (EventFile events = EventFile.Append(path)) events.Write(301, [("c", 3)]);
        Assert.Equal([(300L, "a/b", 0.5f), (300, "c", -2f), (301, "c", 3f)], ReadScalars(path));
        EventFile.Truncate(path, 300);
        Assert.Equal([(300L, "a/b", 0.5f), (300, "c", -2f)], ReadScalars(path));
        // CRC-32C of "123456789" is the check value of RFC 3720's polynomial.
        Assert.Equal(0xE3069283u, Crc32C("123456789"u8));
    }

    private static void AssertSameAsMetrics(RunDirectory run)
    {
        var expected = new List<(long, double)>();
        foreach (JsonObject line in File.ReadLines(run.MetricsPath).Select(line => JsonNode.Parse(line)!.AsObject()).Where(line => !line.ContainsKey("checkpoint")))
            foreach ((string name, JsonNode? value) in line)
                if (name is not ("step" or "elapsed_seconds") && value is not null) expected.Add(((long)line["step"]!, (float)value.GetValue<double>()));
        Assert.True(expected.Count > 30);
        Assert.Equal(expected, ReadScalars(run.EventsPath).Select(scalar => (scalar.Step, (double)scalar.Value)));
    }

    private static List<(long Step, string Tag, float Value)> ReadScalars(string path)
    {
        var scalars = new List<(long, string, float)>();
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        for (bool isFirst = true; rest.Length > 0; isFirst = false)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            Assert.Equal(Mask(Crc32C(rest[..8])), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            ReadOnlySpan<byte> message = rest.Slice(12, length);
            Assert.Equal(Mask(Crc32C(message)), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            rest = rest[(16 + length)..];
            List<(int Field, ulong Number, byte[] Bytes)> fields = Fields(message);
            double time = BitConverter.UInt64BitsToDouble(fields.Single(field => field.Field == 1).Number);
            Assert.InRange(DateTime.UnixEpoch.AddSeconds(time), DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow.AddMinutes(1));
            if (isFirst) Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(fields.Single(field => field.Field == 3).Bytes));
            else
                foreach (var value in Fields(fields.Single(field => field.Field == 5).Bytes).Select(value => Fields(value.Bytes)))
                    scalars.Add(((long)fields.Single(field => field.Field == 2).Number, Encoding.UTF8.GetString(value.Single(field => field.Field == 1).Bytes),
                        BitConverter.UInt32BitsToSingle((uint)value.Single(field => field.Field == 2).Number)));
        }
        return scalars;
    }

    /// <summary>A protocol-buffer message: a tag (field number times 8 plus kind), then a varint (0), 8 bytes (1), a length and bytes (2) or 4 bytes (5).</summary>
    private static List<(int Field, ulong Number, byte[] Bytes)> Fields(ReadOnlySpan<byte> message)
    {
        var fields = new List<(int, ulong, byte[])>();
        while (message.Length > 0)
        {
            ulong tag = Varint(ref message), number = 0;
            byte[] bytes = [];
            switch (tag & 7)
            {
                case 0: number = Varint(ref message); break;
                case 1: number = BinaryPrimitives.ReadUInt64LittleEndian(message); message = message[8..]; break;
                case 5: number = BinaryPrimitives.ReadUInt32LittleEndian(message); message = message[4..]; break;
                case 2:
                    int length = (int)Varint(ref message);
                    bytes = message[..length].ToArray();
                    message = message[length..];
                    break;
                default: throw new InvalidDataException($"wire type {tag & 7}");
            }
            fields.Add(((int)(tag >> 3), number, bytes));
        }
        return fields;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    /// <summary>Bit by bit, with the reflected polynomial of Castagnoli.</summary>
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
        }
        return ~crc;
    }

    private static uint Mask(uint crc) => ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}
