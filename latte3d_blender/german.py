"""The texts of the interface in German. No bpy here."""

GERMAN: dict[str, str] = {
    # --- preferences ---
    "Device": "Gerät",
    "What computes: the processor or a graphics card": "Was rechnet: der Prozessor oder eine Grafikkarte",
    "Automatic": "Automatisch",
    "A graphics card if there is one that can be used, else the processor": (
        "Eine Grafikkarte, wenn eine brauchbare da ist, sonst der Prozessor"
    ),
    "The processor": "Der Prozessor",
    "An NVIDIA graphics card": "Eine Grafikkarte von NVIDIA",
    "The graphics part of an Apple processor": "Der Grafikteil eines Apple-Prozessors",
    "Threads": "Threads",
    "Processor threads to compute with; 0 leaves the choice to LATTE3D": (
        "Mit wie vielen Threads der Prozessor rechnet; 0 überlässt LATTE3D die Wahl"
    ),
    "Model": "Modell",
    "A model file of your own (.safetensors); leave empty for the model that comes with LATTE3D": (
        "Eine eigene Modelldatei (.safetensors); leer für das Modell, das mit LATTE3D kommt"
    ),
    "Model Folder": "Modellordner",
    "Where imported models are kept; leave empty for the folder of the extension": (
        "Wo importierte Modelle liegen; leer für den Ordner der Erweiterung"
    ),
    "Export History": "Verlauf exportieren",
    "Write the prompts with their settings into a file": "Die Prompts mit ihren Einstellungen in eine Datei schreiben",
    "Import History": "Verlauf importieren",
    "Add the prompts of a file to the history": "Die Prompts einer Datei dem Verlauf hinzufügen",
    "A JSON file with prompts": "Eine JSON-Datei mit Prompts",
    "Ask First": "Zuerst fragen",
    "Ask before a file is replaced": "Fragen, bevor eine Datei ersetzt wird",
    "No file was given: name the file to write.": "Keine Datei angegeben: die Datei nennen, in die es gehen soll.",
    "{path} cannot be written: {reason}; choose another folder.": (
        "{path} lässt sich nicht schreiben: {reason}; einen anderen Ordner wählen."
    ),
    "{prompts} written to {path}": "{prompts} nach {path} geschrieben",
    "{path} cannot be read: {reason}; choose another file.": (
        "{path} lässt sich nicht lesen: {reason}; eine andere Datei wählen."
    ),
    "{path} holds no prompt history: choose a file that Export History has written.": (
        "{path} enthält keinen Verlauf: eine Datei wählen, die Verlauf exportieren geschrieben hat."
    ),
    "{prompts} came in; there already: {known}": "{prompts} hinzugefügt; schon da: {known}",
    "{prompts} came in; there already: {known}; too old or not readable: {rest}": (
        "{prompts} hinzugefügt; schon da: {known}; zu alt oder nicht lesbar: {rest}"
    ),
    "Cache Folder": "Ordner des Zwischenspeichers",
    "Where the prompt history and its pictures are kept; leave empty for the folder of the extension. "
    "What lies in the old folder stays there": (
        "Wo der Verlauf der Prompts mit seinen Bildern liegt; leer für den Ordner der Erweiterung. "
        "Was im alten Ordner liegt, bleibt dort"
    ),
    "Delete": "Löschen",
    "Delete Model": "Modell löschen",
    "Delete this imported model from the disk": "Dieses importierte Modell von der Platte löschen",
    "A file in the folder for models": "Eine Datei im Modellordner",
    "“{name}” is deleted from the disk.": "„{name}“ wird von der Platte gelöscht.",
    "{path} is not in the folder for models, so it is left alone: delete it by hand.": (
        "{path} liegt nicht im Modellordner und bleibt deshalb, wie es ist: von Hand löschen."
    ),
    "{path} cannot be deleted: {reason}; close what uses it, or delete it by hand.": (
        "{path} lässt sich nicht löschen: {reason}; schließen, was es benutzt, oder von Hand löschen."
    ),
    "Licence unknown": "Lizenz unbekannt",
    "Where to Compute": "Wo gerechnet wird",
    "In Blender itself or in a program of its own; a change holds from when no job is open": (
        "In Blender selbst oder in einem eigenen Programm; eine Änderung gilt, sobald kein Auftrag offen ist"
    ),
    "In Blender": "In Blender",
    "No time lost for starting and copying, but Blender stutters now and then": (
        "Keine Zeit geht mit Starten und Kopieren verloren, aber Blender stockt hin und wieder"
    ),
    "Separate Process": "Eigener Prozess",
    "Blender stays smooth and out of harm's way, and Cancel always works within a second": (
        "Blender läuft flüssig weiter und kann keinen Schaden nehmen, und Abbrechen wirkt immer binnen einer Sekunde"
    ),
    "Faces": "Flächen",
    "Most triangles of a mesh, in new files": "Höchstens so viele Dreiecke hat ein Mesh, in neuen Dateien",
    "Texture": "Textur",
    "Width and height of the textures in pixels, in new files": (
        "Breite und Höhe der Texturen in Pixeln, in neuen Dateien"
    ),
    "Textures of 256 by 256 pixels": "Texturen von 256 mal 256 Pixeln",
    "Textures of 512 by 512 pixels": "Texturen von 512 mal 512 Pixeln",
    "Textures of 1024 by 1024 pixels": "Texturen von 1024 mal 1024 Pixeln",
    "Textures of 2048 by 2048 pixels": "Texturen von 2048 mal 2048 Pixeln",
    "Textures of 4096 by 4096 pixels": "Texturen von 4096 mal 4096 Pixeln",
    "Size": "Größe",
    "How large generated objects are": "Wie groß erzeugte Objekte sind",
    "Real Size": "Wahre Größe",
    "As large as the real thing: a cup 10 cm, a car 4.5 m": (
        "So groß wie in Wirklichkeit: eine Tasse 10 cm, ein Auto 4,5 m"
    ),
    "One Metre": "Ein Meter",
    "The largest side is one metre, whatever it is": "Die größte Seite misst einen Meter, was immer es ist",
    "Author": "Urheber",
    "Who is named as the author of assets": "Wer als Urheber von Assets genannt wird",
    "Licence": "Lizenz",
    "The licence that is named in assets, such as CC0 1.0": "Die Lizenz, die in Assets genannt wird, etwa CC0 1.0",
    "Refresh Sizes": "Größen auffrischen",
    "Look again how much space the files of the extension take on the disk": (
        "Neu nachsehen, wie viel Platz die Dateien der Erweiterung auf der Platte brauchen"
    ),
    "Open Folder": "Ordner öffnen",
    "Show the folder where the extension keeps its files": "Den Ordner zeigen, in dem die Erweiterung ihre Dateien hat",
    "The model that comes with LATTE3D": "Das Modell, das mit LATTE3D kommt",
    "The folder of the extension": "Der Ordner der Erweiterung",
    "The extension has no preferences here: enable it in Edit > Preferences > Add-ons": (
        "Die Erweiterung hat hier keine Einstellungen: unter Bearbeiten > Einstellungen > Add-Ons einschalten"
    ),
    "Models: {models}, prompt history: {history}": "Modelle: {models}, Verlauf: {history}",
    # --- models and memory ---
    "Choose Model": "Modell wählen",
    "Make new objects with this model": "Neue Objekte mit diesem Modell erzeugen",
    "Model File": "Modelldatei",
    "A model file; empty for the model that comes with LATTE3D": (
        "Eine Modelldatei; leer für das Modell, das mit LATTE3D kommt"
    ),
    "Included Model": "Mitgeliefertes Modell",
    "There is no model file {path}: choose another one, or import it again.": (
        "Es gibt keine Modelldatei {path}: eine andere wählen oder sie erneut importieren."
    ),
    "Choose Device": "Gerät wählen",
    "Compute on this device from the next object on": "Vom nächsten Objekt an auf diesem Gerät rechnen",
    "Import Model": "Modell importieren",
    "Import Model…": "Modell importieren…",
    "Check a model file, copy it into the folder for models and choose it": (
        "Eine Modelldatei prüfen, in den Modellordner kopieren und wählen"
    ),
    "The model file to take in": "Die Modelldatei, die aufgenommen werden soll",
    "Files": "Dateien",
    "Names of the files that are shown": "Namen der Dateien, die gezeigt werden",
    "No model file was given: choose a file that ends in .safetensors.": (
        "Keine Modelldatei angegeben: eine Datei wählen, die auf .safetensors endet."
    ),
    "Free Memory": "Speicher freigeben",
    "Let go of the loaded model; the next object takes a few seconds longer. A separate process is ended": (
        "Das geladene Modell loslassen; das nächste Objekt braucht einige Sekunden länger. Ein "
        "eigener Prozess wird beendet"
    ),
    "Objects are being made: cancel them first, or wait": "Es werden Objekte erzeugt: zuerst abbrechen, oder abwarten",
    "The memory becomes free as soon as the worker has ended its present step": (
        "Der Speicher wird frei, sobald der jetzige Rechenschritt beendet ist"
    ),
    "The memory of the model is free": "Der Speicher des Modells ist frei",
    # --- generate ---
    "Generate": "Erzeugen",
    "Make a textured object from the prompt and put it at the 3D cursor; it waits in line while others are made": (
        "Ein texturiertes Objekt aus dem Prompt erzeugen und an den 3D-Cursor stellen; es wartet, "
        "solange andere entstehen"
    ),
    "Prompt": "Prompt",
    "What to make, in a few words": "Was entstehen soll, in wenigen englischen Worten",
    "Seed": "Startwert",
    "Same prompt and seed, same object; another seed, another shape that suits the prompt": (
        "Gleicher Prompt und Startwert, gleiches Objekt; anderer Startwert, andere passende Form"
    ),
    "Shape Strength": "Formtreue",
    "How closely the result keeps to the shape that the seed picked; at 0 the prompt alone decides": (
        "Wie nah das Ergebnis an der Form bleibt, die der Startwert wählt; bei 0 entscheidet allein der Prompt"
    ),
    "Most triangles that the mesh may have": "So viele Dreiecke darf das Mesh höchstens haben",
    "Width and height of the textures in pixels": "Breite und Höhe der Texturen in Pixeln",
    "Unwrap": "Abwickeln",
    "How the UV map is made": "Wie die UV-Map entsteht",
    "Fast": "Schnell",
    "Box charts, packed tightly; a fraction of a second": "Kastenförmige Inseln, dicht gepackt; Sekundenbruchteile",
    "Careful": "Sorgfältig",
    "Fewer seams and less stretching; several seconds on large meshes": (
        "Weniger Nähte und weniger Verzerrung; mehrere Sekunden bei großen Meshes"
    ),
    "Random Seed": "Zufälliger Startwert",
    "Throw the dice for another seed": "Einen anderen Startwert würfeln",
    "Mesh and Textures": "Mesh und Texturen",
    # Prompts are English in every language.
    "a red sports car": "a red sports car",
    "Type what to make, then press Generate. The object will stand at the 3D cursor.": (
        "Auf Englisch eintippen, was entstehen soll, dann Erzeugen drücken. Das Objekt steht dann am 3D-Cursor."
    ),
    "Starting": "Wird gestartet",
    "Loading the model": "Das Modell wird geladen",
    "This job is done, and its mesh is not kept: select the object and start anew.": (
        "Dieser Auftrag ist erledigt und sein Mesh nicht aufbewahrt: das Objekt auswählen und neu beginnen."
    ),
    "Looking at the mesh": "Das Mesh wird angesehen",
    "Reading the prompt": "Der Prompt wird gelesen",
    "Imagining": "Wird erdacht",
    "Feeling out the shape": "Die Form wird ertastet",
    "Finding the surface": "Die Oberfläche wird gesucht",
    "Reducing the faces": "Die Flächen werden verringert",
    "Unwrapping": "Wird abgewickelt",
    "Painting the textures": "Die Texturen werden gemalt",
    "LATTE3D is being switched off": "LATTE3D wird gerade ausgeschaltet",
    "LATTE3D is being switched off: enable it again.": "LATTE3D wird gerade ausgeschaltet: wieder einschalten.",
    # --- jobs ---
    "Jobs": "Aufträge",
    "No jobs yet": "Noch keine Aufträge",
    "Place Now": "Jetzt einfügen",
    "Put the finished result into the scene; leaves Edit Mode and the like first": (
        "Das fertige Ergebnis in die Szene stellen; verlässt vorher den Bearbeitungsmodus und Ähnliches"
    ),
    "Job": "Auftrag",
    "Number of the finished job": "Nummer des fertigen Auftrags",
    "Cancel": "Abbrechen",
    "Stop this job, whether it runs or waits in line": "Diesen Auftrag abbrechen, ob er läuft oder wartet",
    "Number of the job; 0 for the one that runs": "Nummer des Auftrags; 0 für den, der läuft",
    "Cancel All": "Alle abbrechen",
    "Stop what runs and what waits in line": "Abbrechen, was läuft und was wartet",
    "Group": "Gruppe",
    "Name of the batch to stop; empty for all jobs": "Name des Stapels, der abgebrochen wird; leer für alle Aufträge",
    "Retry": "Erneut versuchen",
    "Do this job again, with the same settings": "Diesen Auftrag mit denselben Einstellungen noch einmal ausführen",
    "Number of a job that has ended": "Nummer eines Auftrags, der beendet ist",
    "Name of the batch whose failed and cancelled jobs are done again; instead of a job": (
        "Name des Stapels, dessen gescheiterte und abgebrochene Aufträge wiederholt werden; statt eines Auftrags"
    ),
    "Move": "Verschieben",
    "Let this job change places with its neighbour in the line": (
        "Diesen Auftrag mit seinem Nachbarn in der Reihe tauschen"
    ),
    "Number of a job that waits in line": "Nummer eines Auftrags, der wartet",
    "Direction": "Richtung",
    "Sooner or later": "Früher oder später",
    "Sooner": "Früher",
    "Before the one above it": "Vor den darüber",
    "Later": "Später",
    "After the one below it": "Hinter den darunter",
    "Clear Finished": "Beendete entfernen",
    "Take the jobs that have ended off the list; objects in the scene stay": (
        "Beendete Aufträge aus der Liste nehmen; Objekte in der Szene bleiben"
    ),
    "Copy Report": "Bericht kopieren",
    "Copy what happened, with the settings and versions, to the clipboard": (
        "Was geschah, samt Einstellungen und Versionen, in die Zwischenablage kopieren"
    ),
    "Number of the job; 0 for the one that ended last": "Nummer des Auftrags; 0 für den zuletzt beendeten",
    "Nothing is being made": "Es wird nichts erzeugt",
    "This result is not there any more: press Generate to make it again.": (
        "Dieses Ergebnis ist nicht mehr da: Erzeugen drücken, um es neu zu machen."
    ),
    "This job has ended already, so there is nothing to cancel.": (
        "Dieser Auftrag ist schon beendet, es gibt nichts abzubrechen."
    ),
    "This job cannot be moved there: it has been begun, or there is no such place.": (
        "Dieser Auftrag lässt sich nicht dorthin verschieben: er hat begonnen, oder es gibt den Platz nicht."
    ),
    "No job in the list has ended": "Kein Auftrag der Liste ist beendet",
    "Nothing has been made yet, so there is nothing to report": (
        "Es wurde noch nichts erzeugt, also gibt es nichts zu berichten"
    ),
    "This job is not in the list any more: choose another one.": (
        "Dieser Auftrag ist nicht mehr in der Liste: einen anderen wählen."
    ),
    "This job has not ended: wait for it, or cancel it.": "Dieser Auftrag ist nicht beendet: abwarten oder abbrechen.",
    "1 job": "1 Auftrag",
    "{count} jobs": "{count} Aufträge",
    "almost done": "fast fertig",
    "{time} left": "noch {time}",
    "about {seconds:.0f} s": "etwa {seconds:.0f} s",
    "about {minutes:.0f} min": "etwa {minutes:.0f} min",
    "{done} of {total}": "{done} von {total}",
    ", {count} failed": ", {count} gescheitert",
    "… and {count} more": "… und {count} weitere",
    "Waits {obstacle}.": "Wartet, {obstacle}.",
    "until the render is done": "bis das Rendern fertig ist",
    "until you have moved what you are moving": "bis das Verschieben beendet ist",
    "until you leave {mode}": "bis der {mode} verlassen ist",
    "{mode} Mode": "Modus {mode}",
    "Refining": "Wird verfeinert",
    "“{title}” is ready and waits {obstacle}.": "„{title}“ ist fertig und wartet, {obstacle}.",
    "Resting while Blender renders": "Pause, solange Blender rendert",
    "Cancelled.": "Abgebrochen.",
    "The result could not be put into the scene: {reason}": (
        "Das Ergebnis ließ sich nicht in die Szene stellen: {reason}"
    ),
    "Stopped, because another file was opened: press Retry in the list of jobs to make it here.": (
        "Abgebrochen, weil eine andere Datei geöffnet wurde: Erneut versuchen in der Liste der Aufträge macht es hier."
    ),
    "Nothing of “{group}” has failed, so there is nothing to retry.": (
        "Von „{group}“ ist nichts gescheitert, also gibt es nichts zu wiederholen."
    ),
    "{failed} of {count} failed, the first: {reason}": "{failed} von {count} gescheitert, zuerst: {reason}",
    "“{name}”: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s": (
        "„{name}“: {faces:,} Flächen in {seconds:.1f}\N{NO-BREAK SPACE}s"
    ),
    "“{name}” cannot be changed: make it local (Object > Library Override, or Make Local).": (
        "„{name}“ lässt sich nicht ändern: lokal machen (Objekt > Bibliothek überschreiben oder Lokal machen)."
    ),
    "The {noun} “{name}” is not in the file any more: bring it back with Undo and press Retry, or start anew.": (
        "„{name}“ ({noun}) ist nicht mehr in der Datei: mit Rückgängig zurückholen und Erneut versuchen drücken, oder "
        "neu beginnen."
    ),
    "collection": "Sammlung",
    "image": "Bild",
    "material": "Material",
    "mesh": "Mesh",
    "object": "Objekt",
    "scene": "Szene",
    "1 prompt": "1 Prompt",
    "{count:,} prompts": "{count:,} Prompts",
    "1 place": "1 Platz",
    "{count:,} places": "{count:,} Plätze",
    "1 object": "1 Objekt",
    "{count:,} objects": "{count:,} Objekte",
    "1 line": "1 Zeile",
    "{count:,} lines": "{count:,} Zeilen",
    "Import {name}": "{name} importieren",
    "The model “{name}” is imported and chosen": "Das Modell „{name}“ ist importiert und gewählt",
    # --- stylize ---
    "Link": "Verknüpfung",
    "Whether the slot shows the mesh's material or the object's": (
        "Ob der Slot das Material des Meshs oder des Objekts zeigt"
    ),
    "Material": "Material",
    "The object's own material in this slot": "Das eigene Material des Objekts in diesem Slot",
    "Name": "Name",
    "What the style is called": "Wie der Stil heißt",
    "What the style was made from": "Woraus der Stil gemacht wurde",
    "Slots": "Slots",
    "What each material slot holds": "Was jeder Material-Slot enthält",
    "For Refined": "Für Verfeinertes",
    "Whether the style was painted for the refined look of the object": (
        "Ob der Stil für das verfeinerte Aussehen des Objekts gemalt ist"
    ),
    "“{style}” was painted for the look before refining: press Show Before first.": (
        "„{style}“ ist für das Aussehen vor dem Verfeinern gemalt: zuerst „Vorher zeigen“ drücken."
    ),
    "“{style}” was painted for the refined look: press Show Refined first.": (
        "„{style}“ ist für das verfeinerte Aussehen gemalt: zuerst „Verfeinertes zeigen“ drücken."
    ),
    "Styles": "Stile",
    "The original look and the styles": "Das ursprüngliche Aussehen und die Stile",
    "Style": "Stil",
    "Number of the look that the object wears": "Nummer des Aussehens, das das Objekt trägt",
    "Shown": "Gezeigt",
    "Number of the look that the slots hold": "Nummer des Aussehens in den Slots",
    "Previous": "Voriges",
    "Number of the look before that": "Nummer des Aussehens davor",
    "What the selected objects are to look like, in a few words": (
        "Wie die ausgewählten Objekte aussehen sollen, in wenigen englischen Worten"
    ),
    "What the selected objects are to look like": "Wie die ausgewählten Objekte aussehen sollen, auf Englisch",
    "Same style and seed, same colours": "Gleicher Stil und Startwert, gleiche Farben",
    "How closely the new object keeps to the shape of the selected one": (
        "Wie nah das neue Objekt an der Form des ausgewählten bleibt"
    ),
    "Keep Colours": "Farben behalten",
    "Start from the present colours, so that those stay which the style does not name": (
        "Von den jetzigen Farben ausgehen, sodass die bleiben, die der Stil nicht nennt"
    ),
    "Width and height of the texture in pixels": "Breite und Höhe der Textur in Pixeln",
    "UV Map": "UV-Map",
    "Where the texture is to lie": "Wo die Textur liegen soll",
    "The object's own UV map if it can carry one texture, else a new one beside it": (
        "Die eigene UV-Map des Objekts, wenn sie eine Textur tragen kann, sonst eine neue daneben"
    ),
    "Keep": "Behalten",
    "The object's own UV map, even where parts of it lie over each other": (
        "Die eigene UV-Map des Objekts, auch wo sich Teile überdecken"
    ),
    "New": "Neu",
    "A new UV map beside the object's own": "Eine neue UV-Map neben der eigenen des Objekts",
    "The UV map that is active while this look is shown": "Die UV-Map, die bei diesem Aussehen aktiv ist",
    "Reshape Too": "Auch umformen",
    "Leave the selected object as it is and make a new one in that style beside it, after its shape": (
        "Das ausgewählte Objekt lassen, wie es ist, und nach seiner Form daneben ein neues in diesem Stil machen"
    ),
    "Stylize": "Stilisieren",
    "Give the selected meshes a new look from the prompt; their shapes stay, and the old look can be brought back": (
        "Den ausgewählten Meshes ein neues Aussehen geben; die Form bleibt, und das alte Aussehen "
        "lässt sich zurückholen"
    ),
    "Switch Style": "Stil wechseln",
    "Let the active object wear this style": "Das aktive Objekt diesen Stil tragen lassen",
    "Number": "Nummer",
    "Number of the style in the list, 0 for the original look; -1 for the one that is shown": (
        "Nummer des Stils in der Liste, 0 für das ursprüngliche Aussehen; -1 für den gezeigten"
    ),
    "Compare": "Vergleichen",
    "Change between the shown style and the original look, or the look before": (
        "Zwischen dem gezeigten Stil und dem ursprünglichen oder vorigen Aussehen wechseln"
    ),
    "With": "Mit",
    "What to compare with": "Womit verglichen wird",
    "Original": "Original",
    "The look from before the first style": "Das Aussehen vor dem ersten Stil",
    "The look that was shown last": "Das zuletzt gezeigte Aussehen",
    "Rename Style": "Stil umbenennen",
    "Give this style another name": "Diesem Stil einen anderen Namen geben",
    "The new name": "Der neue Name",
    "Delete Style": "Stil löschen",
    "Take this style off the list for good; the original look cannot be deleted": (
        "Diesen Stil endgültig aus der Liste nehmen; das ursprüngliche Aussehen lässt sich nicht löschen"
    ),
    "Stylize Selected": "Auswahl stilisieren",
    "a rusty old robot": "a rusty old robot",
    "The style is empty: type what the selected objects are to look like.": (
        "Der Stil ist leer: eintippen, wie die ausgewählten Objekte aussehen sollen."
    ),
    "The name is empty: type one.": "Der Name ist leer: einen eintippen.",
    "The original look cannot be deleted: choose a style.": (
        "Das ursprüngliche Aussehen lässt sich nicht löschen: einen Stil wählen."
    ),
    "“{name}” is an instance of a collection: use Object > Apply > Make Instances Real first.": (
        "„{name}“ ist eine Instanz einer Sammlung: zuerst Objekt > Anwenden > Make Instances Real."
    ),
    "“{name}” is not a mesh: use Object > Convert > Mesh first.": (
        "„{name}“ ist kein Mesh: zuerst Objekt > Konvertieren > Masche."
    ),
    "“{name}” is not a mesh: select mesh objects.": "„{name}“ ist kein Mesh: Mesh-Objekte auswählen.",
    "“{name}” belongs to another file: use Object > Relations > Make Local first.": (
        "„{name}“ gehört zu einer anderen Datei: zuerst Objekt > Beziehungen > Lokal machen."
    ),
    "The mesh of “{name}” belongs to another file and has no material slot: make it local first.": (
        "Das Mesh von „{name}“ gehört zu einer anderen Datei und hat keinen Material-Slot: zuerst lokal machen."
    ),
    "“{name}” has no faces: give it some, or select another object.": (
        "„{name}“ hat keine Flächen: welche hinzufügen oder ein anderes Objekt auswählen."
    ),
    "“{name}” reaches {far:.0e} m from its origin: scale it down, or delete what lies far off.": (
        "„{name}“ reicht {far:.0e} m weit von seinem Ursprung: verkleinern oder löschen, was weit weg liegt."
    ),
    "All faces of “{name}” come from a modifier: apply it first.": (
        "Alle Flächen von „{name}“ kommen von einem Modifikator: ihn zuerst anwenden."
    ),
    "A modifier of “{name}” gives some faces a material of its own, which hides the style there.": (
        "Ein Modifikator von „{name}“ gibt manchen Flächen ein eigenes Material, das dort den Stil verdeckt."
    ),
    "The mesh of “{name}” belongs to another file, so no UV map can be added: make it local first.": (
        "Das Mesh von „{name}“ gehört zu einer anderen Datei, also kann keine UV-Map dazukommen: zuerst lokal machen."
    ),
    "“{name}” has {count} UV maps, and Blender allows no more: remove one first.": (
        "„{name}“ hat {count} UV-Maps, und mehr erlaubt Blender nicht: zuerst eine entfernen."
    ),
    "The UV map “{layer}” of “{name}” is gone, and the colours with it: stylize it anew.": (
        "Die UV-Map „{layer}“ von „{name}“ ist weg, und mit ihr die Farben: neu stilisieren."
    ),
    "“{name}” shows its other look meanwhile, before or after refining: stylize it anew.": (
        "„{name}“ zeigt inzwischen das andere Aussehen, vor oder nach dem Verfeinern: neu stilisieren."
    ),
    "The faces of “{name}” have changed meanwhile: stylize it anew.": (
        "Die Flächen von „{name}“ haben sich inzwischen geändert: neu stilisieren."
    ),
    "“{name}” wears “{style}”, made in {seconds:.1f}\N{NO-BREAK SPACE}s": (
        "„{name}“ trägt „{style}“, gemacht in {seconds:.1f}\N{NO-BREAK SPACE}s"
    ),
    "“{name}” has no style number {index}: choose one up to {last}.": (
        "„{name}“ hat keinen Stil Nummer {index}: einen bis {last} wählen."
    ),
    "The active object has no styles: press Stylize first": (
        "Das aktive Objekt hat keine Stile: zuerst Stilisieren drücken"
    ),
    "Key": "Schlüssel",
    "Tells the style from the others of the object for good": (
        "Unterscheidet den Stil auf Dauer von den anderen des Objekts"
    ),
    "This Style": "Dieser Stil",
    "Yes": "Ja",
    "Copy Prompt of Style": "Prompt des Stils kopieren",
    "Copy the prompt of this style to the clipboard": "Den Prompt dieses Stils in die Zwischenablage kopieren",
    "Recall Style": "Stil abrufen",
    "Put the prompt of this style and its settings into the panel": (
        "Den Prompt dieses Stils samt Einstellungen in das Panel holen"
    ),
    "Regenerate Style": "Stil neu erzeugen",
    "Make this style again with the same settings; it keeps its name and its place in the list": (
        "Diesen Stil mit denselben Einstellungen neu erzeugen; Name und Platz in der Liste bleiben"
    ),
    "Vary Style": "Stil variieren",
    "Make another style from the same prompt": "Aus demselben Prompt einen anderen Stil machen",
    "Seed of the new style; -1 throws the dice": "Startwert des neuen Stils; -1 würfelt",
    "“{style}” does not say how it was made: choose a style that LATTE3D has made.": (
        "„{style}“ sagt nicht, wie er entstand: einen Stil wählen, den LATTE3D gemacht hat."
    ),
    "“{style}” does not say all that it takes to make it again: press Use Settings, then Stylize.": (
        "„{style}“ sagt nicht alles, was es zum Neuerzeugen braucht: „Übernehmen“ drücken, dann „Stilisieren“."
    ),
    "The UV map “{layer}” of “{style}” is gone or not the one of renders: the style may lie elsewhere.": (
        "Die UV-Map „{layer}“ von „{style}“ ist weg oder nicht die für Bilder: der Stil liegt vielleicht anderswo."
    ),
    "The style “{style}” of “{name}” is gone meanwhile: stylize the object anew.": (
        "Der Stil „{style}“ von „{name}“ ist inzwischen weg: das Objekt neu stilisieren."
    ),
    "The style of “{name}” whose colours were kept is gone: choose another look and stylize it anew.": (
        "Der Stil von „{name}“, dessen Farben blieben, ist weg: ein anderes Aussehen wählen und neu stilisieren."
    ),
    "“{original}”, which “{name}” was made after, is not in this file: bring it back under that name, or "
    "stylize another mesh with Reshape Too.": (
        "„{original}“, nach dem „{name}“ entstand, ist nicht in dieser Datei: unter diesem Namen zurückholen oder ein "
        "anderes Mesh mit „Auch umformen“ stilisieren."
    ),
    "“{original}”, which “{name}” was made after, is disabled or in another scene: show it first.": (
        "„{original}“, nach dem „{name}“ entstand, ist ausgeschaltet oder in einer anderen Szene: zuerst zeigen."
    ),
    "Styles of {name}": "Stile von {name}",
    "({count} objects were skipped)": "({count} Objekte wurden ausgelassen)",
    # --- variations, live, blend, refine ---
    "Count": "Anzahl",
    "How many variations are shown, each with a shape of its own": (
        "Wie viele Variationen gezeigt werden, jede mit eigener Form"
    ),
    "Show Variations": "Variationen zeigen",
    "Show small pictures of several shapes that suit the prompt, to choose from": (
        "Kleine Bilder mehrerer Formen, die zum Prompt passen, zur Auswahl zeigen"
    ),
    "Seeds": "Startwerte",
    "Exactly these seeds, as in “0, 4, 7-9”; empty for as many as Count, from Seed on": (
        "Genau diese Startwerte, wie in „0, 4, 7-9“; leer für so viele wie Anzahl, ab Startwert"
    ),
    "Choose": "Wählen",
    "Choose this variation, or leave it after all": "Diese Variation wählen oder doch nicht",
    "Seed of the variation": "Startwert der Variation",
    "Make This One": "Diese erzeugen",
    "Make this variation in full and put it at the 3D cursor": (
        "Diese Variation ganz erzeugen und an den 3D-Cursor stellen"
    ),
    "Make Chosen": "Gewählte erzeugen",
    "Make the chosen variations in full and stand them in a row, from the 3D cursor to the right": (
        "Die gewählten Variationen ganz erzeugen und vom 3D-Cursor nach rechts in eine Reihe stellen"
    ),
    "Seeds of the variations, as in “0, 4, 7-9”; empty for those chosen in the panel": (
        "Startwerte der Variationen, wie in „0, 4, 7-9“; leer für die im Panel gewählten"
    ),
    "Clear": "Leeren",
    "Take the pictures away; what has been made of them stays": "Die Bilder wegnehmen; was daraus entstand, bleibt",
    "Variations": "Variationen",
    "There are no variations yet: press Show Variations": "Es gibt noch keine Variationen: Variationen zeigen drücken",
    "There are no variations to choose from: press Show Variations first.": (
        "Es gibt keine Variationen zur Auswahl: zuerst Variationen zeigen drücken."
    ),
    "Not all of these variations have been looked at: choose some that the panel shows.": (
        "Nicht alle diese Variationen sind zu sehen: welche wählen, die das Panel zeigt."
    ),
    "Failed": "Fehler",
    "No variation has the seed {seed}: choose one that the panel shows.": (
        "Keine Variation hat den Startwert {seed}: eine wählen, die das Panel zeigt."
    ),
    "No variation is chosen: click the numbers below the pictures first.": (
        "Keine Variation ist gewählt: zuerst die Zahlen unter den Bildern anklicken."
    ),
    "Small pictures come first; what you choose is made in full.": (
        "Zuerst kommen kleine Bilder; was gewählt wird, entsteht dann ganz."
    ),
    "Only one shape suits these words: other words have more.": (
        "Zu diesen Worten passt nur eine Form: andere Worte haben mehr."
    ),
    "The count must lie between 1 and {most}, not {count}.": (
        "Die Anzahl muss zwischen 1 und {most} liegen, nicht {count}."
    ),
    "Live Preview": "Live-Vorschau",
    "Show a rough object at the 3D cursor that follows what you type and drag; it is not rendered and not saved": (
        "Am 3D-Cursor ein grobes Objekt zeigen, das dem Tippen und Ziehen folgt; es wird nicht "
        "gerendert und nicht gespeichert"
    ),
    "Follow": "Folgen",
    "What the preview follows": "Wem die Vorschau folgt",
    "Off": "Aus",
    "No preview": "Keine Vorschau",
    "The preview follows the prompt, the seed and the shape strength": (
        "Die Vorschau folgt dem Prompt, dem Startwert und der Formtreue"
    ),
    "Blend": "Überblendung",
    "The preview follows the blend of the two prompts": "Die Vorschau folgt der Überblendung der beiden Prompts",
    "Into": "Zu",
    "What the first prompt turns into, in a few words": "Was aus dem ersten Prompt wird, in wenigen englischen Worten",
    "0 is the first prompt, 1 the second": "0 ist der erste Prompt, 1 der zweite",
    "As Shape Keys": "Als Formschlüssel",
    "One object that can be moved all the way from the first prompt to the second, to animate it": (
        "Ein Objekt, das sich vom ersten Prompt bis zum zweiten bewegen lässt, zum Animieren"
    ),
    "Steps": "Schritte",
    "Shapes on the way, both ends among them; more take longer": (
        "Formen auf dem Weg, beide Enden eingeschlossen; mehr dauern länger"
    ),
    "Generate Blend": "Überblendung erzeugen",
    "Make an object on the way from one prompt to another and put it at the 3D cursor": (
        "Ein Objekt zwischen zwei Prompts erzeugen und an den 3D-Cursor stellen"
    ),
    "a blue van": "a blue van",
    "The second prompt is empty: type what to blend into.": (
        "Der zweite Prompt ist leer: eintippen, wozu überblendet werden soll."
    ),
    "The preview waits {obstacle}.": "Die Vorschau wartet, {obstacle}.",
    "The preview is up to date.": "Die Vorschau ist auf dem neuesten Stand.",
    "The preview waits until the present job is done.": "Die Vorschau wartet, bis der jetzige Auftrag fertig ist.",
    "Time": "Zeit",
    "Seconds to work on the object; more time, better looks": (
        "So viele Sekunden wird am Objekt gearbeitet; mehr Zeit, besseres Aussehen"
    ),
    "Change Shape Too": "Auch umformen",
    "Move the shape as well as the colours; takes longer": "Nicht nur die Farben, auch die Form ändern; dauert länger",
    "Refine": "Verfeinern",
    "Work on the looks of the active object in the background; its place and name stay, and it can go back": (
        "Im Hintergrund am Aussehen des aktiven Objekts arbeiten; Ort und Name bleiben, und es geht auch zurück"
    ),
    "Guidance Model": "Leitmodell",
    "File of a model of your own that judges the looks; empty for the one that comes with LATTE3D": (
        "Datei eines eigenen Modells, das das Aussehen beurteilt; leer für das mitgelieferte"
    ),
    "Show Before": "Vorher zeigen",
    "Go back to the object as it was before refining, and, pressed again, to the refined one": (
        "Zum Objekt vor dem Verfeinern zurückgehen und beim nächsten Druck wieder zum verfeinerten"
    ),
    "Keep This Look": "Dieses Aussehen behalten",
    "Show Refined": "Verfeinertes zeigen",
    "Keep what is shown, and let go of the other look and its styles": (
        "Behalten, was zu sehen ist, und das andere Aussehen mit seinen Stilen aufgeben"
    ),
    "The scene has no object “{name}”: name another one.": "Die Szene hat kein Objekt „{name}“: ein anderes nennen.",
    "“{name}” does not say how it was made: refine an object that LATTE3D has generated.": (
        "„{name}“ sagt nicht, wie es entstand: ein von LATTE3D erzeugtes Objekt verfeinern."
    ),
    "“{name}” was made from more than a prompt, such as a blend: refine an object made by Generate.": (
        "„{name}“ entstand aus mehr als einem Prompt, etwa einer Überblendung: ein mit Erzeugen gemachtes verfeinern."
    ),
    "The active object has not been refined, or only one of its looks was kept": (
        "Das aktive Objekt ist nicht verfeinert, oder nur ein Aussehen wurde behalten"
    ),
    "Select an object that LATTE3D has made": "Ein Objekt auswählen, das LATTE3D erzeugt hat",
    "Select an object that LATTE3D has made.": "Ein Objekt auswählen, das LATTE3D erzeugt hat.",
    "“{name}” belongs to another file: make it local first.": (
        "„{name}“ gehört zu einer anderen Datei: zuerst lokal machen."
    ),
    "No object is active: select one that LATTE3D has made.": (
        "Kein Objekt ist aktiv: eines auswählen, das LATTE3D erzeugt hat."
    ),
    "This object has one look only: refine it first.": "Dieses Objekt hat nur ein Aussehen: zuerst verfeinern.",
    "{start} to {end}": "{start} zu {end}",
    "“{name}”: {count} shape keys in {seconds:.1f}\N{NO-BREAK SPACE}s": (
        "„{name}“: {count} Formschlüssel in {seconds:.1f}\N{NO-BREAK SPACE}s"
    ),
    "{prompt} (seed {seed})": "{prompt} (Startwert {seed})",
    "Seed {seed} has been looked at": "Das Bild zu Startwert {seed} ist da",
    "“{part}” is no seed: write numbers from 0 to {most:,}, such as 0, 4, 7-9.": (
        "„{part}“ ist kein Startwert: Zahlen von 0 bis {most:,} schreiben, etwa 0, 4, 7-9."
    ),
    "That is more than {most} seeds: name fewer.": "Das sind mehr als {most} Startwerte: weniger nennen.",
    "No seed is named: write numbers such as 0, 4, 7-9.": (
        "Kein Startwert ist genannt: Zahlen schreiben, etwa 0, 4, 7-9."
    ),
    "Variations of {prompt}": "Variationen von {prompt}",
    "Chosen of {prompt}": "Gewählte von {prompt}",
    "The prompt is empty: type what to make.": "Der Prompt ist leer: eintippen, was entstehen soll.",
    "At Shape Strength 0 all seeds look the same: raise Shape Strength.": (
        "Bei Formtreue 0 sehen alle Startwerte gleich aus: die Formtreue erhöhen."
    ),
    "Live: {prompt}": "Live: {prompt}",
    "The live preview is up to date": "Die Live-Vorschau ist auf dem neuesten Stand",
    "Refine {name}": "{name} verfeinern",
    "“{name}” stays as it is: nothing better was found in the time": (
        "„{name}“ bleibt, wie es ist: in der Zeit fand sich nichts Besseres"
    ),
    "“{name}” refined in {seconds:.0f} s: {gain:.0%} nearer to the prompt, as the guidance model judges it": (
        "„{name}“ in {seconds:.0f} s verfeinert: nach dem Urteil des Leitmodells {gain:.0%} näher am Prompt"
    ),
    # --- populate ---
    "From": "Aus",
    "Where the prompts come from": "Woher die Prompts kommen",
    "Sentence": "Satz",
    "A line such as “a table with two chairs and a lamp on it”": (
        "Eine Zeile wie „a table with two chairs and a lamp on it“"
    ),
    "Text": "Text",
    "One prompt a line in Blender's Text Editor; “3 x red chair” makes three": (
        "Ein Prompt je Zeile in Blenders Texteditor; „3 x red chair“ macht drei"
    ),
    "File": "Datei",
    "A list on disk: plain text, CSV, JSON or JSON Lines": "Eine Liste auf der Platte: Text, CSV, JSON oder JSON Lines",
    "Empties": "Empties",
    "The names of the selected empties": "Die Namen der ausgewählten Empties",
    "A list of prompts: .txt, .csv, .json or .jsonl": "Eine Liste von Prompts: .txt, .csv, .json oder .jsonl",
    "A scene in a few words": "Eine Szene in wenigen englischen Worten",
    "a wooden table with two chairs": "a wooden table with two chairs",
    "Place": "Platz",
    "Where the objects stand": "Wo die Objekte stehen",
    "As Described": "Wie beschrieben",
    "Where the sentence, the list or the empties themselves say": (
        "Wo es der Satz, die Liste oder die Empties selbst sagen"
    ),
    "One object at each selected empty, with its rotation and scale": (
        "Ein Objekt an jedem ausgewählten Empty, mit dessen Drehung und Skalierung"
    ),
    "Grid": "Raster",
    "In rows around the 3D cursor": "In Reihen um den 3D-Cursor",
    "Curve": "Kurve",
    "At equal distances along the selected curves": "In gleichen Abständen entlang der ausgewählten Kurven",
    "Surface": "Oberfläche",
    "Strewn over the selected mesh objects": "Über die ausgewählten Mesh-Objekte gestreut",
    "Objects": "Objekte",
    "How many in all; 0 for as many as the list says, or for the density where it does not say": (
        "Wie viele insgesamt; 0 für so viele, wie die Liste sagt, oder für die Dichte, wo sie nichts sagt"
    ),
    "Spacing": "Abstand",
    "Distance between neighbours": "Entfernung zwischen Nachbarn",
    "Columns": "Spalten",
    "Objects in a row of the grid; 0 for a square": "Objekte in einer Reihe des Rasters; 0 für ein Quadrat",
    "Density": "Dichte",
    "Objects on each square metre": "Objekte auf jedem Quadratmeter",
    "Distance": "Mindestabstand",
    "Least distance between two objects": "Kleinste Entfernung zwischen zwei Objekten",
    "Steepest Slope": "Steilste Neigung",
    "Surface that is steeper than this stays empty": "Steilere Oberfläche bleibt leer",
    "Align": "Ausrichten",
    "Lean with the surface, or face along the curve, instead of standing straight": (
        "Sich mit der Oberfläche neigen oder der Kurve folgen, statt gerade zu stehen"
    ),
    "Drop to Ground": "Auf den Boden",
    "Let the bottoms touch what is beneath, or above where nothing is": (
        "Die Unterseiten berühren, was darunter ist, oder darüber, wo nichts ist"
    ),
    "Mix": "Mischen",
    "Spread the prompts at random, instead of in the order of the list": (
        "Die Prompts zufällig verteilen statt in der Reihenfolge der Liste"
    ),
    "Random Turn": "Zufallsdrehung",
    "Range of the random turn about the vertical": "Bereich der zufälligen Drehung um die Senkrechte",
    "Scale Min": "Skalierung min.",
    "Least random scale": "Kleinste zufällige Skalierung",
    "Max": "Max.",
    "Greatest random scale": "Größte zufällige Skalierung",
    "Variants": "Varianten",
    "Different objects of each prompt; the rest repeats them": (
        "Verschiedene Objekte je Prompt; die übrigen wiederholen sie"
    ),
    "Another seed, other shapes and other places": "Anderer Startwert, andere Formen und andere Plätze",
    "Text with one prompt a line": "Text mit einem Prompt je Zeile",
    "Listed": "Aufgezählt",
    "What was found in the file": "Was in der Datei gefunden wurde",
    "Run": "Durchgang",
    "Collection of an earlier run": "Sammlung eines früheren Durchgangs",
    "Populate": "Bevölkern",
    "Make every object of the list once and stand it wherever it belongs, in a collection of its own": (
        "Jedes Objekt der Liste einmal erzeugen und hinstellen, wo es hingehört, in einer eigenen Sammlung"
    ),
    "Name of the text with one prompt a line": "Name des Texts mit einem Prompt je Zeile",
    "Targets": "Ziele",
    "Names of the empties, curves or surfaces to place at, one a line; empty for the selected ones": (
        "Namen der Empties, Kurven oder Oberflächen, einer je Zeile; leer für die ausgewählten"
    ),
    "Estimate Only": "Nur schätzen",
    "Say how many objects would be made and how long it takes, and make nothing": (
        "Sagen, wie viele Objekte entstünden und wie lange es dauert, und nichts erzeugen"
    ),
    "Resume": "Fortsetzen",
    "Make what is missing of this run: what failed, was cancelled, undone or deleted": (
        "Erzeugen, was von diesem Durchgang fehlt: was scheiterte, abgebrochen, rückgängig gemacht oder gelöscht wurde"
    ),
    "Collection": "Sammlung",
    "Name of the run's collection; empty for the one in the panel": (
        "Name der Sammlung des Durchgangs; leer für die im Panel"
    ),
    "Stop this run; what is made already stays, and Resume makes the rest": (
        "Diesen Durchgang abbrechen; was fertig ist, bleibt, und Fortsetzen erzeugt den Rest"
    ),
    "Name of the run's collection; empty for all runs": "Name der Sammlung des Durchgangs; leer für alle Durchgänge",
    "Nothing of this run is missing": "Von diesem Durchgang fehlt nichts",
    "No scene is being populated": "Es wird keine Szene bevölkert",
    "The curve has no length: draw it longer, or select another one.": (
        "Die Kurve hat keine Länge: länger zeichnen oder eine andere auswählen."
    ),
    "Nothing of the surface is flatter than {slope:.0f}°: raise Steepest Slope.": (
        "Nichts an der Oberfläche ist flacher als {slope:.0f}°: Steilste Neigung erhöhen."
    ),
    "The list gives no place for “{prompt}”: add columns x and y, or choose another placement.": (
        "Die Liste nennt keinen Platz für „{prompt}“: Spalten x und y hinzufügen oder die Objekte anders verteilen."
    ),
    "“{name}” in {places:,} places: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s": (
        "„{name}“ an {places:,} Plätzen: {faces:,} Flächen in {seconds:.1f}\N{NO-BREAK SPACE}s"
    ),
    "The plan of this collection cannot be read: populate the scene anew.": (
        "Der Plan dieser Sammlung ist nicht lesbar: die Szene neu bevölkern."
    ),
    "The collection “{name}” was not populated by LATTE3D: choose another one.": (
        "Die Sammlung „{name}“ hat LATTE3D nicht bevölkert: eine andere wählen."
    ),
    "There is no object “{name}” in the scene: name another one.": (
        "In der Szene gibt es kein Objekt „{name}“: ein anderes nennen."
    ),
    "The object “{name}” is no {noun}: name another one.": (
        "Das Objekt „{name}“ ist nicht von der Art {noun}: ein anderes nennen."
    ),
    "The selected objects have no faces: select a surface.": (
        "Die ausgewählten Objekte haben keine Flächen: eine Oberfläche auswählen."
    ),
    "No {noun} is selected: select at least one.": (
        "Nichts von der Art {noun} ist ausgewählt: mindestens eins auswählen."
    ),
    "empty": "Empty",
    "curve": "Kurve",
    "Only {count:,} of {wanted:,} objects fit: lower Distance or raise Steepest Slope.": (
        "Nur {count:,} von {wanted:,} Objekten passen: Mindestabstand senken oder Steilste Neigung erhöhen."
    ),
    "as many places as fit": "so viele Plätze, wie passen",
    "There is no ground under {places}: what stands there stays in the air.": (
        "Kein Boden unter {places}: was dort steht, bleibt in der Luft."
    ),
    "{name} cannot be {value:g}: give 0 or more.": "{name} kann nicht {value:g} sein: 0 oder mehr angeben.",
    "The least scale must be above 0 and not above the greatest: change one of them.": (
        "Die kleinste Skalierung muss über 0 und darf nicht über der größten liegen: eine von beiden ändern."
    ),
    "{name} cannot be {value:,}: give a number from {least} to {most:,}.": (
        "{name} kann nicht {value:,} sein: eine Zahl von {least} bis {most:,} angeben."
    ),
    "Populate: {name}": "Bevölkern: {name}",
    "There is no text with the prompts: write one in the Text Editor and choose it.": (
        "Es gibt keinen Text mit den Prompts: einen im Texteditor schreiben und wählen."
    ),
    "No run is chosen: choose the collection of one in the panel.": (
        "Kein Durchgang ist gewählt: im Panel die Sammlung eines Durchgangs wählen."
    ),
    "No list is chosen: choose a text, CSV or JSON file.": (
        "Keine Liste ist gewählt: eine Text-, CSV- oder JSON-Datei wählen."
    ),
    "Choose a text with one prompt a line.": "Einen Text mit einem Prompt je Zeile wählen.",
    "Choose a list of prompts.": "Eine Liste von Prompts wählen.",
    "Select empties that are named after what shall stand there.": (
        "Empties auswählen, die heißen wie das, was dort stehen soll."
    ),
    "There is no collection “{name}”: name another one.": "Es gibt keine Sammlung „{name}“: eine andere nennen.",
    "This run is still going on: wait for it, or cancel it.": "Dieser Durchgang läuft noch: abwarten oder abbrechen.",
    "A long list: {lines}.": "Eine lange Liste: {lines}.",
    "The sentence does not say how {things} stand to each other: they stand side by side.": (
        "Der Satz sagt nicht, wie {things} zueinander stehen: sie stehen nebeneinander."
    ),
    "{things} and {last}": "{things} und {last}",
    "The sentence does not say how many of “{prompt}”: {count} are made.": (
        "Der Satz sagt nicht, wie viele von „{prompt}“: {count} entstehen."
    ),
    "The sentence leads in a circle: {prompt} stands where it was first.": (
        "Der Satz führt im Kreis: {prompt} steht, wo es zuerst stand."
    ),
    "The sentence names nothing that can be made: write something like “a table with two chairs”.": (
        "Der Satz nennt nichts, was entstehen könnte: etwas schreiben wie „a table with two chairs“."
    ),
    "It is not clear what “{pronoun}” refers to, so those words change nothing.": (
        "Es ist nicht klar, worauf sich „{pronoun}“ bezieht, also ändern diese Worte nichts."
    ),
    "“with {prompt}” does not say where: it stands beside.": "„with {prompt}“ sagt nicht, wo: es steht daneben.",
    "“inside” cannot be followed, since things are solid: it stands beside.": (
        "„inside“ geht nicht, denn die Dinge sind massiv: es steht daneben."
    ),
    "Line {number} of “{name}”": "Zeile {number} von „{name}“",
    "Entry {number} of “{name}”": "Eintrag {number} von „{name}“",
    "The empty “{name}”": "Das Empty „{name}“",
    "The list “{name}” cannot be opened ({reason}): choose another file.": (
        "Die Liste „{name}“ lässt sich nicht öffnen ({reason}): eine andere Datei wählen."
    ),
    "The list “{name}” has {size:,} bytes: split it into parts below {most:,}.": (
        "Die Liste „{name}“ hat {size:,} Bytes: in Teile unter {most:,} zerlegen."
    ),
    "The list “{name}” holds no prompt: write one a line, such as “red chair”.": (
        "Die Liste „{name}“ enthält keinen Prompt: einen je Zeile schreiben, etwa „red chair“."
    ),
    "That makes {count:,} objects: ask for at most {most:,} at a time.": (
        "Das ergibt {count:,} Objekte: höchstens {most:,} auf einmal verlangen."
    ),
    "No empty is selected: add empties, name each after what shall stand there, select them.": (
        "Kein Empty ist ausgewählt: Empties hinzufügen, nach dem benennen, was dort stehen soll, und auswählen."
    ),
    "{where} is not UTF-8 text: save the list as UTF-8.": "{where} ist kein UTF-8-Text: die Liste als UTF-8 speichern.",
    "{where} is not CSV ({reason}): correct or remove it.": (
        "{where} ist kein CSV ({reason}): verbessern oder entfernen."
    ),
    "{where} names no column “prompt”: let the first line name the columns, as in prompt,count,seed,x,y,z,yaw,scale.": (
        "{where} nennt keine Spalte „prompt“: in der ersten Zeile die Spalten nennen, wie in "
        "prompt,count,seed,x,y,z,yaw,scale."
    ),
    "{where} has {count} columns where the first line has {first}: put a text with commas between quotes.": (
        "{where} hat {count} Spalten, die erste Zeile aber {first}: Text mit Kommas in Anführungszeichen setzen."
    ),
    "{where} begins no list: write prompts as [“red chair”, …] in JSON.": (
        "{where} beginnt keine Liste: Prompts in JSON als [“red chair”, …] schreiben."
    ),
    "{where} is not JSON ({reason}): correct or remove it.": (
        "{where} ist kein JSON ({reason}): verbessern oder entfernen."
    ),
    "{where} is not a list of prompts: correct it.": "{where} ist keine Liste von Prompts: verbessern.",
    "{where} is neither a text nor an object with a “prompt”: correct or remove it.": (
        "{where} ist weder ein Text noch ein Objekt mit „prompt“: verbessern oder entfernen."
    ),
    "{where} has no prompt: say what to make, or remove it.": (
        "{where} hat keinen Prompt: sagen, was entstehen soll, oder entfernen."
    ),
    "{where} has {count:,} characters: a prompt may have at most {most:,}.": (
        "{where} hat {count:,} Zeichen: ein Prompt darf höchstens {most:,} haben."
    ),
    "{where} gives only one of x and y: give both or neither.": (
        "{where} nennt nur eins von x und y: beide nennen oder keins."
    ),
    "{where} puts {count} objects in one place: write a line for each.": (
        "{where} stellt {count} Objekte an einen Platz: je eine Zeile schreiben."
    ),
    "{where} has the {column} “{value}”: give a number between {low:,.12g} and {high:,.12g}.": (
        "{where} hat als {column} „{value}“: eine Zahl zwischen {low:,.12g} und {high:,.12g} angeben."
    ),
    "{where} has the {column} “{value}”: give a whole number between {low:,} and {high:,}.": (
        "{where} hat als {column} „{value}“: eine ganze Zahl zwischen {low:,} und {high:,} angeben."
    ),
    # --- this object and history ---
    "Regenerate": "Neu erzeugen",
    "Make this object again with the same settings; it keeps its place, name, size and modifiers": (
        "Dieses Objekt mit denselben Einstellungen neu erzeugen; Ort, Name, Größe und Modifikatoren bleiben"
    ),
    "Object": "Objekt",
    "Name of the object; empty for the active one": "Name des Objekts; leer für das aktive",
    "Vary": "Variieren",
    "Make another one from the same prompt, beside this object": (
        "Aus demselben Prompt ein anderes erzeugen, neben diesem Objekt"
    ),
    "Seed of the new object; -1 throws the dice": "Startwert des neuen Objekts; -1 würfelt",
    "Copy Prompt": "Prompt kopieren",
    "Copy the prompt of this object to the clipboard": "Den Prompt dieses Objekts in die Zwischenablage kopieren",
    "Recall": "Abrufen",
    "Put this prompt and its settings into the panel": "Diesen Prompt samt Einstellungen in das Panel holen",
    "Entry": "Eintrag",
    "Name of the entry in the history; empty for the newest": "Name des Eintrags im Verlauf; leer für den neuesten",
    "Name of an object to take them from, instead of an entry": (
        "Name eines Objekts, von dem sie kommen, statt eines Eintrags"
    ),
    "Forget Prompt": "Prompt vergessen",
    "Take this prompt out of the history; objects stay": "Diesen Prompt aus dem Verlauf nehmen; Objekte bleiben",
    "Name of the entry in the history": "Name des Eintrags im Verlauf",
    "Clear History": "Verlauf leeren",
    "Forget all prompts and their pictures; objects stay": "Alle Prompts und ihre Bilder vergessen; Objekte bleiben",
    "Search": "Suchen",
    "Show the prompts that have these words": "Die Prompts zeigen, die diese Wörter enthalten",
    "Page": "Seite",
    "Which part of the list is shown": "Welcher Teil der Liste gezeigt wird",
    "Page {page} of {pages}": "Seite {page} von {pages}",
    "This Object": "Dieses Objekt",
    "“{name}”": "„{name}“",
    "History": "Verlauf",
    "Use Settings": "Übernehmen",
    "Version": "Version",
    "Made After": "Entstanden nach",
    "Regenerate lets go of the styles, which were painted for this mesh.": (
        "„Neu erzeugen“ lässt die Stile los, denn sie sind für dieses Mesh gemalt."
    ),
    "“{name}” does not say how it was made: choose an object that LATTE3D has made.": (
        "„{name}“ sagt nicht, wie es entstand: ein Objekt wählen, das LATTE3D erzeugt hat."
    ),
    "“{name}” was made with another model ({model}): the result will differ. Import that model first.": (
        "„{name}“ entstand mit einem anderen Modell ({model}): das Ergebnis wird abweichen. Zuerst "
        "jenes Modell importieren."
    ),
    "Made with another model than the chosen one: made again with that, it will differ.": (
        "Mit einem anderen als dem gewählten Modell entstanden: neu erzeugt wird es anders aussehen."
    ),
    "The prompt is on the clipboard": "Der Prompt ist in der Zwischenablage",
    "There is no object in this file": "In dieser Datei ist kein Objekt",
    "There is no object “{name}”: choose another one.": "Es gibt kein Objekt „{name}“: ein anderes wählen.",
    "Select an object.": "Ein Objekt auswählen.",
    "This prompt is not in the history any more: choose another one.": (
        "Dieser Prompt ist nicht mehr im Verlauf: einen anderen wählen."
    ),
    "The history is empty": "Der Verlauf ist leer",
    "Prompts that you use will be listed here": "Hier werden benutzte Prompts aufgezählt",
    "No prompt has these words": "Kein Prompt enthält diese Wörter",
    "File of the model that judges the looks, for an object that was refined with one of your own": (
        "Datei des Modells, das das Aussehen beurteilt, für ein mit einem eigenen verfeinertes Objekt"
    ),
    "“{name}” does not say all that it takes to make it again: use the panel that made it.": (
        "„{name}“ sagt nicht alles, was es zum Neuerzeugen braucht: das Panel benutzen, mit dem es entstand."
    ),
    "“{name}” was refined with a guidance model of your own, {prior}: name its file, or refine the object anew.": (
        "„{name}“ wurde mit einem eigenen Leitmodell verfeinert, {prior}: dessen Datei nennen oder das Objekt neu "
        "verfeinern."
    ),
    "Refined": "Verfeinert",
    "“{name}” anew: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s": (
        "„{name}“ neu: {faces:,} Flächen in {seconds:.1f}\N{NO-BREAK SPACE}s"
    ),
    "The prompt history cannot be read: {reason}; check the rights of {path}.": (
        "Der Verlauf lässt sich nicht lesen: {reason}; die Rechte von {path} prüfen."
    ),
    "The prompt history cannot be written: {reason}; free space or check the rights of {path}.": (
        "Der Verlauf lässt sich nicht schreiben: {reason}; Platz schaffen oder die Rechte von {path} prüfen."
    ),
    "{lines} of the prompt history could not be read; the old file is kept as {name}.": (
        "{lines} des Verlaufs nicht lesbar; die alte Datei bleibt als {name}."
    ),
    # --- setup ---
    "Check Setup": "Einrichtung prüfen",
    "Look whether everything that generation needs is there and works; takes some seconds": (
        "Nachsehen, ob alles Nötige da ist und funktioniert; dauert einige Sekunden"
    ),
    "Copy what the check has found to the clipboard": "In die Zwischenablage kopieren, was die Prüfung gefunden hat",
    "Setup": "Einrichtung",
    "The report is on the clipboard": "Der Bericht ist in der Zwischenablage",
    "Everything that generation needs is there": "Alles Nötige ist da",
    "The check runs already": "Die Prüfung läuft schon",
    "Python cannot be started for the check ({reason}): reinstall Blender.": (
        "Python lässt sich für die Prüfung nicht starten ({reason}): Blender neu installieren."
    ),
    "Nothing has been checked yet": "Es wurde noch nichts geprüft",
    "Checking: {name} …": "Wird geprüft: {name} …",
    "Use the Included Model": "Mitgeliefertes Modell benutzen",
    "Choose Automatic": "Automatisch wählen",
    # --- assets ---
    "Mark as Asset": "Als Asset markieren",
    "Show the object in the Asset Browser, with a picture, tags from its prompt, author and licence": (
        "Das Objekt im Asset-Browser zeigen, mit Bild, Schlagworten aus dem Prompt, Urheber und Lizenz"
    ),
    "Names of the objects; none for those that are selected": "Namen der Objekte; keine für die ausgewählten",
    "Save to Library": "In Bibliothek speichern",
    "Write the object as an asset into a library on the disk, a file of its own; the open file stays as it is": (
        "Das Objekt als Asset in eine Bibliothek auf der Platte schreiben, in eine eigene Datei; "
        "die offene bleibt, wie sie ist"
    ),
    "Library": "Bibliothek",
    "Name of an asset library of the preferences; empty for the first one": (
        "Name einer Asset-Bibliothek aus den Einstellungen; leer für die erste"
    ),
    "File Name": "Dateiname",
    "Name of the file without its ending; empty for the name of the object": (
        "Name der Datei ohne Endung; leer für den Namen des Objekts"
    ),
    "One File": "Eine Datei",
    "Write all objects into one file, instead of one file each": (
        "Alle Objekte in eine Datei schreiben statt jedes in eine eigene"
    ),
    "There is nothing to mark: select objects of this file.": "Nichts zu markieren: Objekte dieser Datei auswählen.",
    "There is no object “{name}”: it is left out.": "Es gibt kein Objekt „{name}“: es wird ausgelassen.",
    "“{name}” belongs to another file: make it local first, or mark it there.": (
        "„{name}“ gehört zu einer anderen Datei: zuerst lokal machen oder dort markieren."
    ),
    "There is no asset library: add one in Edit > Preferences > File Paths": (
        "Es gibt keine Asset-Bibliothek: unter Bearbeiten > Einstellungen > Dateipfade eine hinzufügen"
    ),
    "There is no asset library “{name}”: add it in Edit > Preferences > File Paths.": (
        "Es gibt keine Asset-Bibliothek „{name}“: unter Bearbeiten > Einstellungen > Dateipfade hinzufügen."
    ),
    "The folder of the library “{name}” is not there: {path}; connect it, or change its path.": (
        "Der Ordner der Bibliothek „{name}“ ist nicht da: {path}; verbinden oder den Pfad ändern."
    ),
    "The library folder {folder} cannot be written: {reason}; free space or check its rights.": (
        "In den Bibliotheksordner {folder} lässt sich nicht schreiben: {reason}; Platz schaffen oder die Rechte prüfen."
    ),
    "The catalog cannot be written into {folder}, so the assets are unassigned: {reason}; free space or check its "
    "rights.": (
        "Der Katalog lässt sich nicht in {folder} schreiben, also sind die Assets nicht zugeordnet: {reason}; Platz "
        "schaffen oder die Rechte prüfen."
    ),
    "{count} objects are assets now": "{count} Objekte sind jetzt Assets",
    "“{name}” is an asset now": "„{name}“ ist jetzt ein Asset",
    "Saved as {path}": "Gespeichert als {path}",
    # --- runtime ---
    "Runtime Address": "Adresse der Laufzeit",
    "Web address of the folder that Download Runtime takes the packages from": (
        "Webadresse des Ordners, aus dem die Laufzeit heruntergeladen wird"
    ),
    "Install Runtime": "Laufzeit installieren",
    "Install Runtime From Folder…": "Laufzeit aus Ordner installieren…",
    "Choose the zip of the runtime, or open the folder with its wheels.": (
        "Das Zip der Laufzeit wählen oder den Ordner mit ihren Wheels öffnen."
    ),
    "Install the packages that generation needs from a folder with their wheels, or from a zip; needs no network": (
        "Die Pakete, die das Erzeugen braucht, aus einem Ordner mit ihren Wheels oder aus einem Zip installieren; "
        "braucht kein Netz"
    ),
    "Folder or Zip": "Ordner oder Zip",
    "The folder with the wheels, or the zip of a runtime pack": "Der Ordner mit den Wheels, oder das Zip der Laufzeit",
    "Runtime": "Laufzeit",
    "Name of the runtime, as linux-x64-cp311-cpu; empty for the one that fits best": (
        "Name der Laufzeit, etwa linux-x64-cp311-cpu; leer für die am besten passende"
    ),
    "Reinstall": "Neu installieren",
    "Install it also if it is there already, in place of the old files": (
        "Auch installieren, wenn sie schon da ist, anstelle der alten Dateien"
    ),
    "Download Runtime": "Laufzeit herunterladen",
    "Download Runtime…": "Laufzeit herunterladen…",
    "Download": "Herunterladen",
    "Download the packages that generation needs, once you have agreed to their size and licences, and install them": (
        "Die Pakete, die das Erzeugen braucht, nach Zustimmung zu Größe und Lizenzen herunterladen und installieren"
    ),
    "Address": "Adresse",
    "Web address of the folder with the wheels; empty for the one in the preferences": (
        "Webadresse des Ordners mit den Wheels; leer für die in den Einstellungen"
    ),
    "I Agree to Size and Licences": "Ich stimme Größe und Lizenzen zu",
    "Nothing is downloaded unless you agree": "Ohne Zustimmung wird nichts heruntergeladen",
    "Stop the installation; what was downloaded is kept for the next time": (
        "Die Installation abbrechen; was heruntergeladen ist, bleibt für das nächste Mal"
    ),
    "Remove Runtime": "Laufzeit entfernen",
    "Delete the packages that generation needs, older ones and downloads that broke off; all can be had again": (
        "Die Pakete löschen, die das Erzeugen braucht, ältere und abgebrochene Downloads; alles lässt sich wieder holen"
    ),
    "Remove": "Entfernen",
    "{size} become free.": "{size} werden frei.",
    "Downloading {done} of {total} MB": "Lädt {done} von {total} MB herunter",
    "Copying {done} of {total} MB": "Kopiert {done} von {total} MB",
    "Checking {done} of {total} MB": "Prüft {done} von {total} MB",
    "Unpacking {done} of {total} MB": "Packt {done} von {total} MB aus",
    "Stopping …": "Wird abgebrochen …",
    "Reinstall From Folder…": "Neu installieren aus Ordner…",
    "Reinstall by Download…": "Neu installieren aus dem Netz…",
    "The runtime has changed: restart Blender.": "Die Laufzeit hat sich geändert: Blender neu starten.",
    "The packages that generation needs are not here yet: install the runtime.": (
        "Die Pakete, die das Erzeugen braucht, sind noch nicht da: die Laufzeit installieren."
    ),
    "The runtime was made for another version of LATTE3D: install the one for this version.": (
        "Die Laufzeit gehört zu einer anderen Version von LATTE3D: die für diese Version installieren."
    ),
    "The runtime is installed.": "Die Laufzeit ist installiert.",
    "The runtime is installed: press Generate.": "Die Laufzeit ist installiert: Erzeugen drücken.",
    "The runtime is installed: restart Blender to use it.": (
        "Die Laufzeit ist installiert: Blender neu starten, um sie zu nutzen."
    ),
    "Stopped; what was fetched is kept for the next time.": (
        "Abgebrochen; was heruntergeladen ist, bleibt für das nächste Mal."
    ),
    "The runtime is being installed: wait, or cancel it": "Die Laufzeit wird installiert: abwarten oder abbrechen",
    "This LATTE3D brings everything along and needs no runtime": (
        "Dieses LATTE3D bringt alles mit und braucht keine Laufzeit"
    ),
    "There is no runtime {name}: choose one of {known}.": "Es gibt keine Laufzeit {name}: eine von {known} wählen.",
    "The runtime is in use: restart Blender, then reinstall it before you generate.": (
        "Die Laufzeit ist in Gebrauch: Blender neu starten, dann vor dem Erzeugen neu installieren."
    ),
    "No folder was given: choose the folder or the zip with the runtime pack.": (
        "Kein Ordner angegeben: den Ordner oder das Zip mit der Laufzeit wählen."
    ),
    "No address was given: enter the web address of the folder with the runtime.": (
        "Keine Adresse angegeben: die Webadresse des Ordners mit der Laufzeit eintragen."
    ),
    "No runtime is being installed": "Es wird keine Laufzeit installiert",
    "No runtime is installed": "Es ist keine Laufzeit installiert",
    "The runtime is removed: {size} are free again.": "Die Laufzeit ist entfernt: {size} sind wieder frei.",
    "The runtime is switched off; its files, {size}, go when Blender is restarted.": (
        "Die Laufzeit ist abgeschaltet; ihre Dateien, {size}, verschwinden beim nächsten Start von Blender."
    ),
    "{name}: {files} packages, {download} MB to get, {disk} MB on the disk": (
        "{name}: {files} Pakete, {download} MB zu holen, {disk} MB auf der Platte"
    ),
    "Licences: {names}": "Lizenzen: {names}",
    "Checksum: {digest}": "Prüfsumme: {digest}",
    "{done} MB of it are there already": "{done} MB davon sind schon da",
    # --- menus and dropped files ---
    "LATTE3D Object…": "LATTE3D-Objekt…",
    "Make a textured object from a prompt and put it at the 3D cursor": (
        "Ein texturiertes Objekt aus einem Prompt erzeugen und an den 3D-Cursor stellen"
    ),
    "Stylize with LATTE3D…": "Mit LATTE3D stilisieren…",
    "Give the selected meshes a new look from a prompt; asks for the prompt first": (
        "Den ausgewählten Meshes aus einem Prompt ein neues Aussehen geben; fragt zuerst nach dem Prompt"
    ),
    "Populate from Prompts": "Aus Prompts bevölkern",
    "Fill the scene with the objects of a list of prompts: where the list says, else as in the Populate panel": (
        "Die Szene mit den Objekten einer Liste füllen: wo die Liste es sagt, sonst wie im Panel Bevölkern"
    ),
    "The file to read": "Die Datei, die gelesen wird",
    "Folder": "Ordner",
    "The folder of the dropped files": "Der Ordner der fallen gelassenen Dateien",
    "The dropped files": "Die fallen gelassenen Dateien",
    "Import and Stylize": "Importieren und stilisieren",
    "Import the file, select what came, and ask for a style": (
        "Die Datei importieren, das Neue auswählen und nach einem Stil fragen"
    ),
    "What the mesh is to look like; empty imports and asks later": (
        "Wie das Mesh aussehen soll, auf Englisch; leer importiert und fragt später"
    ),
    "LATTE3D: Populate from Prompts": "LATTE3D: Aus Prompts bevölkern",
    "LATTE3D: Import and Stylize": "LATTE3D: Importieren und stilisieren",
    "Drop one list of prompts at a time: a text, CSV or JSON Lines file.": (
        "Immer nur eine Liste von Prompts fallen lassen: eine Text-, CSV- oder JSON-Lines-Datei."
    ),
    "No file was given: drop a .glb, .gltf or .obj file.": (
        "Keine Datei angegeben: eine .glb-, .gltf- oder .obj-Datei fallen lassen."
    ),
    "Select one or more mesh objects": "Ein oder mehrere Mesh-Objekte auswählen",
    "Leave the present mode first": "Zuerst den jetzigen Modus verlassen",
    "{count} objects will be made": "{count} Objekte werden erzeugt",
    "There is no mesh with faces in {name}: drop another file.": (
        "In {name} ist kein Mesh mit Flächen: eine andere Datei fallen lassen."
    ),
}
