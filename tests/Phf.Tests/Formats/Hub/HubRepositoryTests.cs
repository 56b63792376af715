using Phf.Formats.Hub;

namespace Phf.Tests.Formats.Hub;

public sealed class HubRepositoryTests
{
    [Theory]
    [InlineData("gpt2", true)]
    [InlineData("tomekkorbak/pii-pile-chunk3-0-50000", true)]
    [InlineData("a/b/c", false)]
    [InlineData("./gpt2", false)]
    [InlineData("/gpt2", false)]
    [InlineData("../x", false)]
    [InlineData("a/..", false)]
    [InlineData("a--b", false)]
    [InlineData("a b", false)]
    [InlineData("", false)]
    public void Name_IsNoPath(string text, bool expected) => Assert.Equal(expected, HubRepository.IsName(text));
}
