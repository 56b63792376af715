using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Tests.Data;
using Phf.Training;

namespace Phf.Tests.Training;

public sealed class BatchFeederTests : IDisposable
{
    private const int Time = 16, Rows = 2, Lanes = 4;
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    private static BlockOptions Options => new() { BlockLength = Time, EndOfTextId = SmallDataset.Tokenizer.EndOfTextId, Seed = 3 };

    /// <summary>However far the thread has come: batches and cursors are those of readers that wait to be asked.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Batches_AndCursors_AreThoseOfReadersThatDoNotReadAhead(int pauseMilliseconds)
    {
        using PackedDataset data = PackedDataset.Open(Path.Combine(_runs.DataPath, "train"));
        BlockReader[] plain = BlockReader.OfLanes(data, Options, Lanes);
        using var feeder = new BatchFeeder(BlockReader.OfLanes(data, Options, Lanes), Rows, Time);
        var expected = new TokenBatch(Rows, Time);
        for (int batch = 0; batch < 40; batch++)
        {
            Thread.Sleep(pauseMilliseconds);
            Assert.Equal(plain.Select(reader => reader.Cursor), feeder.Cursors.ToArray());
            expected.Fill(plain.AsSpan(batch % 2 * Rows, Rows));
            TokenBatch taken = feeder.Take();
            Thread.Sleep(pauseMilliseconds); // the next one is being read, and this one stays as it is
            Assert.Equal(expected.Inputs, taken.Inputs);
            Assert.Equal(expected.Targets, taken.Targets);
            Assert.Equal(expected.Scores, taken.Scores);
            Assert.Equal(expected.Kinds, taken.Kinds);
        }
    }

    [Fact]
    public void DamagedData_IsToldToWhoTakesIt()
    {
        string split = Path.Combine(_runs.DataPath, "train"), shard = Path.Combine(split, "shard-00000.safetensors");
        byte[] bytes = File.ReadAllBytes(shard);
        int header = (int)BitConverter.ToUInt64(bytes);
        JsonNode tokens = JsonNode.Parse(bytes.AsSpan(8, header))!["tokens"]!["data_offsets"]!;
        bytes.AsSpan(8 + header)[(int)tokens[0]!..(int)tokens[1]!].Fill(0x7F); // no such token; opening does not look at them
        File.WriteAllBytes(shard, bytes);
        using PackedDataset data = PackedDataset.Open(split);
        using var feeder = new BatchFeeder(BlockReader.OfLanes(data, Options, Lanes), Rows, Time);
        var problem = Assert.Throws<InvalidDataException>(() =>
        {
            for (int batch = 0; batch < 100; batch++) feeder.Take();
        });
        Assert.Contains(shard, problem.Message);
    }
}
