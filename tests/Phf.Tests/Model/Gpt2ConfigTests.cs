using System.Text.Json.Nodes;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Tests.Model;

/// <summary>Keys of config.json are honoured, or refused by name.</summary>
public sealed class Gpt2ConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FromFile_EveryKeyThatMatters_IsHonoured()
    {
        Gpt2Config config = Read("""
            {"model_type": "gpt2", "vocab_size": 100, "n_positions": 32, "n_embd": 24, "n_layer": 3, "n_head": 6, "n_inner": 50, "layer_norm_epsilon": 0.01,
             "activation_function": "relu", "scale_attn_weights": false, "scale_attn_by_inverse_layer_idx": true, "resid_pdrop": 0.1, "unknown_key": [1]}
            """);
        Assert.Equal(
            new Gpt2Config
            {
                VocabularySize = 100,
                Positions = 32,
                Channels = 24,
                Layers = 3,
                Heads = 6,
                Inner = 50,
                LayerNormEpsilon = 0.01f,
                ActivationName = "relu",
                ScaleAttention = false,
                ScaleAttentionByInverseLayer = true,
            }, config);
        Assert.Equal((4, 50, Activation.Relu), (config.HeadSize, config.InnerChannels, config.Activation));
        Assert.Equal([1f, 0.5f, 1f / 3], Enumerable.Range(0, 3).Select(config.AttentionScale));
    }

    [Fact]
    public void FromFile_NullsAndMissingKeys_AreGpt2sDefaults()
    {
        Gpt2Config config = Read("""{"n_inner": null, "activation_function": null, "scale_attn_weights": null}""");
        Assert.Equal(new Gpt2Config { VocabularySize = 50257 }, config);
        Assert.Equal((768, 12, 12, 1024), (config.Channels, config.Layers, config.Heads, config.Positions));
        Assert.Equal(4 * 768, config.InnerChannels);
        Assert.Equal(0.125f, config.AttentionScale(5));
    }

    [Theory]
    [InlineData("""{"model_type": "llama"}""", "llama")]
    [InlineData("""{"model_type": null}""", "model_type")]
    [InlineData("""{"model_type": 3}""", "config.json")]
    [InlineData("""{"n_embd": 10, "n_head": 3}""", "no multiple of n_head 3")]
    [InlineData("""{"n_head": 0}""", "n_head 0")]
    [InlineData("""{"n_embd": -8, "n_layer": 5000}""", "n_layer 5000")]
    [InlineData("""{"n_embd": -8, "n_layer": 5000}""", "n_embd -8")]
    [InlineData("""{"n_inner": -1}""", "n_inner -1")]
    [InlineData("""{"vocab_size": 1}""", "vocab_size 1")]
    [InlineData("""{"vocab_size": 1e12}""", "config.json")]
    [InlineData("""{"vocab_size": "many"}""", "config.json")]
    [InlineData("""{"n_positions": 1.5}""", "config.json")]
    [InlineData("""{"activation_function": "mish"}""", "'mish'")]
    [InlineData("""{"layer_norm_epsilon": 0}""", "layer_norm_epsilon")]
    [InlineData("""{"layer_norm_epsilon": 1e99}""", "layer_norm_epsilon")]
    [InlineData("""{"add_cross_attention": true}""", "add_cross_attention")]
    [InlineData("""{"scale_attn_weights": "yes"}""", "config.json")]
    [InlineData("""{"n_embd": 8""", "config.json")]
    [InlineData("[]", "config.json")]
    [InlineData("", "config.json")]
    [InlineData("\u0000\u0001", "config.json")]
    public void FromFile_WhatCannotBeHonoured_IsRefused(string json, string named)
    {
        var problem = Assert.Throws<InvalidDataException>(() => Read(json));
        Assert.Contains(named, problem.Message);
        Assert.Contains("config.json", problem.Message);
    }

    [Fact]
    public void Save_ThenRead_GivesTheSame()
    {
        Gpt2Config config = TinyGpt2.Config with { LayerNormEpsilon = 1e-3f, ScaleAttention = false, ScaleAttentionByInverseLayer = true, ActivationName = "relu" };
        config.Save(_folder.At("config.json"), endOfTextId: 7);
        Assert.Equal(config, Gpt2Config.FromFile(_folder.At("config.json")));
        var json = JsonNode.Parse(File.ReadAllText(_folder.At("config.json")))!;
        Assert.Equal(7, (int)json["eos_token_id"]!);
        Assert.Equal("GPT2LMHeadModel", (string)json["architectures"]![0]!);
        (config with { Inner = 0 }).Save(_folder.At("config.json"), endOfTextId: 7);
        Assert.Null(JsonNode.Parse(File.ReadAllText(_folder.At("config.json")))!["n_inner"]);
    }

    private Gpt2Config Read(string json)
    {
        File.WriteAllText(_folder.At("config.json"), json);
        return Gpt2Config.FromFile(_folder.At("config.json"));
    }
}
