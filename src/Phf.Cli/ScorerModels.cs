using System.Globalization;
using Phf.Encoders;
using Phf.Formats.Hub;
using Phf.Scoring;
using Phf.Training;

namespace Phf.Cli;

/// <summary>The encoders that scorers were made with, each loaded once however many scorers use it.</summary>
/// <param name="threads">Each computes on; 0 for all.</param>
internal sealed class ScorerModels(int threads) : IDisposable
{
    /// <summary>Characters that make up a few batches of tokens: an encoder that gets a document of one sentence alone is some times slower.</summary>
    private const int BatchCharacters = 1 << 14;

    private readonly Dictionary<string, EncoderModel> _models = [];
    private readonly Dictionary<EncoderModel, EncoderToxicityScorer> _scorers = [];

    /// <summary>How many characters of text a scorer wants at once, for <see cref="Data.CorpusScorer"/>.</summary>
    public int CharactersAtOnce => _models.Count > 0 ? BatchCharacters : 0;

    /// <summary>What the reader of the scores should know.</summary>
    public IEnumerable<string> Notes => _scorers.Values.Where(scorer => scorer.CutTexts > 0).Select(scorer => string.Create(CultureInfo.InvariantCulture,
        $"{scorer.Id}: {scorer.CutTexts:N0} of {scorer.Texts:N0} texts are longer than the {scorer.Context} tokens that the model reads, and were scored by their beginning"));

    /// <summary>For <see cref="ScorerOptions.OpenModel"/>.</summary>
    public IScorer? Open(string path)
    {
        path = Resolve(path);
        if (!EncoderFiles.IsOne(path)) return null;
        EncoderModel model = Model(path);
        if (!_scorers.TryGetValue(model, out EncoderToxicityScorer? scorer)) _scorers.Add(model, scorer = new EncoderToxicityScorer(model));
        return scorer;
    }

    /// <summary>For <see cref="PiiOptions.Entities"/>.</summary>
    public EntityFinder Entities(string path, IReadOnlyCollection<string> types) => new EntityRecognizer(Model(Resolve(path)), types).Finder;

    /// <summary>Writes <see cref="Notes"/> to standard error.</summary>
    public void Tell()
    {
        foreach (string note in Notes) Console.Error.WriteLine($"note: {note}");
    }

    public void Dispose()
    {
        foreach (EncoderModel model in _models.Values) model.Dispose();
    }

    /// <summary>A path, or the folder of what was downloaded under a name of the Hub.</summary>
    private static string Resolve(string pathOrName)
    {
        if (Path.Exists(pathOrName)) return pathOrName;
        var hub = HubFolders.FromEnvironment();
        return hub.FindModel(pathOrName) ?? throw new InvalidDataException($"{pathOrName}: no such file or folder{hub.AdviceFor(new HubRepository(pathOrName))}");
    }

    private EncoderModel Model(string path)
    {
        string full = Path.GetFullPath(path);
        if (!_models.TryGetValue(full, out EncoderModel? model)) _models.Add(full, model = EncoderModel.Load(path, threads));
        return model;
    }
}
