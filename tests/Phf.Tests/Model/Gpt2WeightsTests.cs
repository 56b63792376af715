using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Tests.Model;

/// <summary>Weights on disk: whole, with new tokens, and broken.</summary>
public sealed class Gpt2WeightsTests : IDisposable
{
    private const string TokenTable = "transformer.wte.weight";

    private readonly TemporaryFolder _folder = new();
    private readonly IBackend _backend = Backends.CreateReference();
    private readonly Gpt2 _model;

    public Gpt2WeightsTests() => _model = TinyGpt2.Create(_backend);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Save_ThenLoad_GivesTheSameBits()
    {
        _model.Config.Save(_folder.At("config.json"), endOfTextId: 0);
        Gpt2Weights.Write(WeightsPath, _model.Parameters);
        using Gpt2 loaded = Gpt2Weights.Load(_folder.FullName, _backend);
        Assert.Equal(_model.Config, loaded.Config);
        Assert.Equal(TinyGpt2.Bytes(_model.Parameters.All), TinyGpt2.Bytes(loaded.Parameters.All));
    }

    [Fact]
    public void Read_NamesWithoutPrefix_AreFound()
    {
        Write(Tensors().Select(tensor => tensor with { Name = tensor.Name["transformer.".Length..] }));
        using var loaded = new Gpt2(_model.Config, _backend);
        Gpt2Weights.Read(WeightsPath, loaded);
        Assert.Equal(TinyGpt2.Bytes(_model.Parameters.All), TinyGpt2.Bytes(loaded.Parameters.All));
    }

    /// <summary>New rows are the mean of the old ones plus noise of deviation 0.01; old rows stay as they are.</summary>
    [Fact]
    public void ReadWithNewTokens_AddsRowsNearTheMean()
    {
        const int added = 200;
        Write(Tensors());
        using Gpt2 larger = WithMoreTokens(added), again = WithMoreTokens(added), other = WithMoreTokens(added);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, larger, seed: 1);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, again, seed: 1);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, other, seed: 2);
        Tensor old = _model.Parameters.TokenTable, table = larger.Parameters.TokenTable;
        Assert.Equal(old.Span.ToArray(), table.Slice(0, old.Rows).Span.ToArray());
        Assert.Equal(TinyGpt2.Bytes(larger.Parameters.All), TinyGpt2.Bytes(again.Parameters.All));
        Assert.NotEqual(TinyGpt2.Bytes(larger.Parameters.All), TinyGpt2.Bytes(other.Parameters.All));
        double squares = 0;
        for (int c = 0; c < old.Columns; c++)
        {
            double mean = Enumerable.Range(0, old.Rows).Average(row => (double)old.Row(row)[c]);
            for (int row = old.Rows; row < table.Rows; row++) squares += Math.Pow(table.Row(row)[c] - mean, 2);
        }
        Assert.Equal(0.01, Math.Sqrt(squares / (added * old.Columns)), 0.001);
    }

    [Fact]
    public void ReadWithNewTokens_NoneNew_IsAPlainRead()
    {
        Write(Tensors());
        using Gpt2 same = WithMoreTokens(0);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, same, seed: 1);
        Assert.Equal(TinyGpt2.Bytes(_model.Parameters.All), TinyGpt2.Bytes(same.Parameters.All));
    }

    [Fact]
    public void Read_MissingTensor_IsNamed()
    {
        Write(Tensors().Where(tensor => tensor.Name != "transformer.h.1.ln_2.bias"));
        AssertRefused(_model, "transformer.h.1.ln_2.bias", "missing");
    }

    [Fact]
    public void Read_TransposedTensor_IsNamedWithBothShapes()
    {
        Write(Tensors().Select(tensor => tensor.Name == "transformer.h.0.mlp.c_fc.weight" ? tensor with { Shape = [20, 8] } : tensor));
        AssertRefused(_model, "transformer.h.0.mlp.c_fc.weight", "[20, 8]", "[8, 20]");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Read_NumberThatIsNotFinite_IsNamed(float value)
    {
        _model.Parameters["transformer.h.1.attn.c_proj.weight"].Span[3] = value;
        Write(Tensors());
        AssertRefused(_model, "transformer.h.1.attn.c_proj.weight", value.ToString());
    }

    [Fact]
    public void Read_IntegersInsteadOfFloats_AreRefused()
    {
        Write(Tensors().Where(tensor => tensor.Name != TokenTable).Append(SafetensorsTensor.Of<int>(TokenTable, new int[13 * 8], 13, 8)));
        AssertRefused(_model, TokenTable, "I32");
    }

    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 104 })]
    [InlineData(new long[] { 14, 8 })]
    public void ReadWithNewTokens_TableOfAnotherShape_IsRefused(long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        Write(Tensors().Where(tensor => tensor.Name != TokenTable).Append(SafetensorsTensor.Of<float>(TokenTable, values, shape)));
        using Gpt2 same = WithMoreTokens(0);
        var problem = Assert.Throws<InvalidDataException>(() => Gpt2Weights.ReadWithNewTokens(WeightsPath, same, seed: 1));
        Assert.Contains(TokenTable, problem.Message);
    }

    /// <summary>Also where rows are added, so that control tokens cannot hide a head of its own.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void ReadWithNewTokens_HeadThatDiffersThoughTied_IsRefused(int added)
    {
        var head = _model.Parameters.TokenTable.Span.ToArray();
        Write(Tensors().Append(SafetensorsTensor.Of<float>("lm_head.weight", head, 13, 8)));
        using Gpt2 larger = WithMoreTokens(added);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, larger, seed: 1); // tied: the same numbers
        head[5] += 1;
        Write(Tensors().Append(SafetensorsTensor.Of<float>("lm_head.weight", head, 13, 8)));
        var problem = Assert.Throws<InvalidDataException>(() => Gpt2Weights.ReadWithNewTokens(WeightsPath, larger, seed: 1));
        Assert.Contains("lm_head.weight", problem.Message);
        Assert.Contains("set tie_word_embeddings to false", problem.Message);
    }

    [Fact]
    public void UntiedHead_IsKept_AndGetsItsOwnNewRows()
    {
        using Gpt2 untied = TinyGpt2.Create(_backend, _model.Config with { TieHead = false });
        untied.Config.Save(_folder.At("config.json"), endOfTextId: 0);
        Gpt2Weights.Write(WeightsPath, untied.Parameters);
        using (Gpt2 loaded = Gpt2Weights.Load(_folder.FullName, _backend)) Assert.Equal(TinyGpt2.Bytes(untied.Parameters.All), TinyGpt2.Bytes(loaded.Parameters.All));
        Assert.Equal(untied.Parameters.Layout.Count, _model.Parameters.Layout.Count + (13 * 8));

        using var larger = new Gpt2(untied.Config with { VocabularySize = 15 }, _backend);
        Gpt2Weights.ReadWithNewTokens(WeightsPath, larger, seed: 1);
        foreach ((Tensor old, Tensor rows) in new[] { (untied.Parameters.TokenTable, larger.Parameters.TokenTable), (untied.Parameters.Head, larger.Parameters.Head) })
        {
            Assert.Equal(old.Span.ToArray(), rows.Slice(0, 13).Span.ToArray());
            float mean = Enumerable.Range(0, 13).Average(row => old.Row(row)[0]);
            Assert.InRange(Math.Abs(rows.Row(13)[0] - mean), 1e-6, 0.05);
            Assert.NotEqual(rows.Row(13).ToArray(), rows.Row(14).ToArray());
        }
        Assert.NotEqual(larger.Parameters.TokenTable.Row(13).ToArray(), larger.Parameters.Head.Row(13).ToArray());
    }

    /// <summary>One table cannot stand for two.</summary>
    [Theory]
    [InlineData(TokenTable)]
    [InlineData("lm_head.weight")]
    public void UntiedHead_MissingTable_IsNamed(string missing)
    {
        using Gpt2 untied = TinyGpt2.Create(_backend, _model.Config with { TieHead = false });
        Write(Gpt2Weights.Tensors(untied.Parameters, "").Where(tensor => tensor.Name != missing));
        Assert.Contains($"tensor '{missing}' is missing", Assert.Throws<InvalidDataException>(() => Gpt2Weights.Read(WeightsPath, untied)).Message);
    }

    /// <summary>Of two names for the tied weights some programs keep only the head's; buffers and heads of other tasks are passed over.</summary>
    [Fact]
    public void Read_HeadInsteadOfTheTable_AndBuffers_AreUnderstood()
    {
        Write(Tensors().Select(tensor => tensor.Name == TokenTable ? tensor with { Name = "lm_head.weight" } : tensor).Append(
            SafetensorsTensor.Of<byte>("transformer.h.0.attn.bias", new byte[1], 1, 1, 1, 1)).Append(SafetensorsTensor.Of<float>("score.weight", new float[8], 1, 8)));
        using var loaded = new Gpt2(_model.Config, _backend);
        Gpt2Weights.Read(WeightsPath, loaded);
        Assert.Equal(TinyGpt2.Bytes(_model.Parameters.All), TinyGpt2.Bytes(loaded.Parameters.All));
    }

    [Theory]
    [InlineData(SafetensorsType.F16, 11)]
    [InlineData(SafetensorsType.BF16, 8)]
    public void Write_SixteenBits_RoundToTheNearest(SafetensorsType type, int significantBits)
    {
        Gpt2Weights.Write(WeightsPath, _model.Parameters, type);
        using var loaded = new Gpt2(_model.Config, _backend);
        Gpt2Weights.Read(WeightsPath, loaded);
        using (SafetensorsFile file = SafetensorsFile.Open(WeightsPath)) Assert.All(file.Tensors.Values, entry => Assert.Equal(type, entry.Type));
        Span<float> expected = _model.Parameters.TokenTable.Span, actual = loaded.Parameters.TokenTable.Span;
        for (int i = 0; i < expected.Length; i++) // half a unit of the last place, or of F16's smallest number
            Assert.Equal(expected[i], actual[i], Math.Max(Math.ScaleB(1, -25), Math.ScaleB(1, Math.ILogB(expected[i]) - significantBits)));
        Assert.NotEqual(expected.ToArray(), actual.ToArray());
    }

    [Fact]
    public void Write_NumberTooLargeForSixteenBits_IsRefused()
    {
        _model.Parameters.TokenTable.Span[0] = 70000;
        Gpt2Weights.Write(WeightsPath, _model.Parameters, SafetensorsType.BF16);
        string message = Assert.Throws<InvalidDataException>(() => Gpt2Weights.Write(_folder.At("other"), _model.Parameters, SafetensorsType.F16)).Message;
        Assert.Contains(TokenTable, message);
        Assert.Contains("70000", message);
        Assert.False(File.Exists(_folder.At("other")));
    }

    [Fact]
    public void Load_MoreLayersThanTheConfigSays_IsRefused()
    {
        (_model.Config with { Layers = 1 }).Save(_folder.At("config.json"), endOfTextId: 0);
        Gpt2Weights.Write(WeightsPath, _model.Parameters);
        Assert.Contains("n_layer", Assert.Throws<InvalidDataException>(() => Gpt2Weights.Load(_folder.FullName, _backend)).Message);
    }

    [Fact]
    public void Load_FolderWithoutConfig_SaysWhatWasExpected()
    {
        var problem = Assert.Throws<InvalidDataException>(() => Gpt2Weights.Load(_folder.FullName, _backend));
        Assert.Contains("config.json", problem.Message);
    }

    private string WeightsPath => _folder.At(Gpt2Weights.FileName);

    private Gpt2 WithMoreTokens(int added) => new(_model.Config with { VocabularySize = _model.Config.VocabularySize + added }, _backend);

    private IEnumerable<SafetensorsTensor> Tensors() => Gpt2Weights.Tensors(_model.Parameters, "");

    private void Write(IEnumerable<SafetensorsTensor> tensors) => SafetensorsWriter.Write(WeightsPath, tensors);

    private void AssertRefused(Gpt2 model, params string[] named)
    {
        using var target = new Gpt2(model.Config, _backend);
        var problem = Assert.Throws<InvalidDataException>(() => Gpt2Weights.Read(WeightsPath, target));
        Assert.All(named, part => Assert.Contains(part, problem.Message));
    }
}
