using System.Reflection;
using Phf.Training.Configuration;

namespace Phf.Tests.Training.Configuration;

public sealed class ConfigReferenceTests
{
    private static readonly string Page = Path.Combine(Shared.RepositoryRoot, "docs", "configuration.md");

    [Fact]
    public void Page_IsMadeFromTheRecords()
    {
        if (Environment.GetEnvironmentVariable("PHF_UPDATE_DOCS") == "1") File.WriteAllText(Page, ConfigReference.ToMarkdown());
        Assert.True(File.Exists(Page) && File.ReadAllText(Page) == ConfigReference.ToMarkdown(),
            "docs/configuration.md is stale; run: PHF_UPDATE_DOCS=1 dotnet test -c Release --filter ConfigReference");
    }

    [Fact]
    public void Text_HasEveryKeyWithItsDefault()
    {
        string text = ConfigReference.ToText("");
        Assert.Contains("training.adam_beta2 = 0.999  (number)\n", text);
        Assert.Contains("dataset.conditional_training_config.tag_unit = segment  (text)\n", text);
        Assert.Contains("generation.scenario_configs.generate_kwargs.top_k = 50  (whole number)\n", text);
        Assert.Contains("sweep.evaluate.samples = not set  (whole number)\n", text);
        Assert.StartsWith("training.lr_scheduler_type = linear  (text)\n    ", ConfigReference.ToText("lr_scheduler"));
        Assert.DoesNotContain("`", text);
        Assert.Contains("the nearest known key is training.learning_rate", Assert.Throws<ArgumentException>(() => ConfigReference.ToText("training.learnrate")).Message);
    }

    /// <summary>null resets a key to its default; that loses nothing only where the default of every key that can be null is null.</summary>
    [Fact]
    public void DefaultsOfNullableKeys_AreNull()
    {
        var nullability = new NullabilityInfoContext();
        foreach (Type section in Sections())
        {
            object defaults = Activator.CreateInstance(section)!;
            foreach (ConfigKey key in ConfigKey.Of(section))
                if (nullability.Create(key.Property).ReadState == NullabilityState.Nullable)
                    Assert.True(key.Property.GetValue(defaults) is null, $"{section.Name}.{key.Property.Name}");
        }
    }

    [Fact]
    public void EveryPublicInitProperty_IsAKey()
    {
        foreach (Type section in Sections())
            Assert.Equal(
                section.GetProperties().Where(property => property.CanWrite).Select(property => property.Name).Order(),
                ConfigKey.Of(section).Select(key => key.Property.Name).Order());
    }

    private static IEnumerable<Type> Sections() =>
        typeof(RunConfig).Assembly.GetTypes().Where(type => ConfigKey.IsSectionType(type) && type is { IsPublic: true, IsAbstract: false } && ConfigKey.Of(type).Count > 0);
}
