using System.Text.Json;

namespace Phf.Tests.Cli;

public sealed class EnvVerbTests
{
    [Fact]
    public void Env_PrintsTheMachine()
    {
        CliResult result = CliProcess.Run("env");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("best SIMD", result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Json_IsOneObject_WithWhatTheProcessSees()
    {
        using CliProcess process = CliProcess.Start(["env", "--json"], new Dictionary<string, string> { ["PHF_SIMD"] = "128" });
        CliResult result = process.Wait();
        Assert.Equal(0, result.ExitCode);

        using var json = JsonDocument.Parse(result.Output);
        JsonElement environment = json.RootElement;
        Assert.Equal("128", environment.GetProperty("phf_simd").GetString());
        Assert.True(environment.GetProperty("logical_cores").GetInt32() >= 1);
        Assert.True(environment.GetProperty("memory_bytes").GetInt64() > 0);
        Assert.StartsWith("0.1.0", environment.GetProperty("phf_version").GetString());
        Assert.Contains(environment.GetProperty("best_simd").GetString(), (string[])["Avx512F", "Avx2+Fma", "128"]);
        Assert.NotEqual("", environment.GetProperty("cpu_model").GetString());
    }
}
