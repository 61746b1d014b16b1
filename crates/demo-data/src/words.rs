//! Names to put believable companies and people together from. Any likeness to real ones is chance.

/// A line of business: how its companies are called and how they use agents.
#[derive(Debug)]
pub struct Business {
    /// As in `tenants.segment`.
    pub segment: &'static str,
    /// Whether a single company of it can be large; else it is a group of them.
    pub large: bool,
    /// How its companies are called, with `*` for the name itself.
    pub patterns: &'static [&'static str],
    /// How busy a Saturday is, where a working day is 1.2.
    pub weekends: f64,
}

/// Lines of business.
pub const BUSINESSES: [Business; 12] = [
    Business {
        segment: "Saúde",
        large: true,
        patterns: &["Clínica *", "Laboratório *", "Hospital *", "Odontologia *"],
        weekends: 0.55,
    },
    Business {
        segment: "Varejo",
        large: true,
        patterns: &["Lojas *", "Magazine *", "Empório *", "Papelaria *"],
        weekends: 0.95,
    },
    Business {
        segment: "Alimentação",
        large: false,
        patterns: &["Padaria *", "Restaurante *", "Cafeteria *", "Doceria *"],
        weekends: 1.05,
    },
    Business {
        segment: "Educação",
        large: true,
        patterns: &["Colégio *", "Escola de Idiomas *", "Faculdade *", "Instituto *"],
        weekends: 0.25,
    },
    Business {
        segment: "Tecnologia",
        large: true,
        patterns: &["* Sistemas", "* Soluções Digitais", "* Softwares"],
        weekends: 0.3,
    },
    Business {
        segment: "Logística",
        large: true,
        patterns: &["Transportadora *", "Expresso *", "Armazéns Gerais *"],
        weekends: 0.5,
    },
    Business {
        segment: "Indústria",
        large: true,
        patterns: &["Metalúrgica *", "Têxtil *", "Indústria Química *", "Cerâmica *"],
        weekends: 0.2,
    },
    Business {
        segment: "Construção",
        large: true,
        patterns: &["Construtora *", "* Engenharia", "* Materiais de Construção"],
        weekends: 0.3,
    },
    Business {
        segment: "Serviços Financeiros",
        large: true,
        patterns: &["* Corretora", "Cooperativa de Crédito *", "Consórcio *"],
        weekends: 0.15,
    },
    Business {
        segment: "Imobiliário",
        large: false,
        patterns: &["Imobiliária *", "Administradora de Condomínios *"],
        weekends: 0.7,
    },
    Business {
        segment: "Agronegócio",
        large: true,
        patterns: &["Agropecuária *", "Cooperativa Agrícola *", "* Sementes"],
        weekends: 0.4,
    },
    Business {
        segment: "Turismo",
        large: false,
        patterns: &["Pousada *", "Hotel *", "* Viagens e Turismo"],
        weekends: 1.0,
    },
];

/// What companies are named after.
pub const COMPANY_NAMES: [&str; 60] = [
    "Aliança",
    "Alvorada",
    "Araucária",
    "Atlântica",
    "Bandeirantes",
    "Bela Vista",
    "Boa Esperança",
    "Bom Jesus",
    "Cachoeira",
    "Campo Grande",
    "Capixaba",
    "Catarinense",
    "Cerrado",
    "Chapada",
    "Conceição",
    "Cruzeiro",
    "Diamantina",
    "Estação Central",
    "Estrela do Sul",
    "Flor de Lis",
    "Goytacá",
    "Guanabara",
    "Horizonte",
    "Ipê Amarelo",
    "Itaúna",
    "Jacarandá",
    "Jequitibá",
    "Lagoa Azul",
    "Litorânea",
    "Mantiqueira",
    "Maracanã",
    "Mineira",
    "Monte Líbano",
    "Nova Aurora",
    "Nossa Senhora da Glória",
    "Ouro Verde",
    "Paineira",
    "Pampa",
    "Paraíso",
    "Paranaíba",
    "Pérola",
    "Planalto",
    "Ponta Negra",
    "Porto Seguro",
    "Primavera",
    "Recôncavo",
    "Rio Claro",
    "Santa Efigênia",
    "Santa Inês",
    "Santo Antônio",
    "São Benedito",
    "São Jerônimo",
    "Serra Dourada",
    "Sertaneja",
    "Tapajós",
    "Três Corações",
    "Tucumã",
    "União",
    "Vale do Aço",
    "Vitória-Régia",
];

/// Given names.
pub const GIVEN_NAMES: [&str; 64] = [
    "Adriana",
    "Alessandra",
    "Alice",
    "Aline",
    "Amanda",
    "Ana",
    "André",
    "Antônio",
    "Beatriz",
    "Bernardo",
    "Bruno",
    "Caio",
    "Camila",
    "Carla",
    "Carlos",
    "Cecília",
    "Cláudia",
    "Cristiano",
    "Daniel",
    "Débora",
    "Diego",
    "Eduarda",
    "Eduardo",
    "Elaine",
    "Enzo",
    "Fábio",
    "Felipe",
    "Fernanda",
    "Flávia",
    "Francisco",
    "Gabriel",
    "Gustavo",
    "Heitor",
    "Helena",
    "Igor",
    "Inês",
    "Isabela",
    "João",
    "Joaquim",
    "José",
    "Juliana",
    "Larissa",
    "Letícia",
    "Luana",
    "Lúcia",
    "Luís",
    "Marcelo",
    "Márcia",
    "Mariana",
    "Mateus",
    "Murilo",
    "Natália",
    "Otávio",
    "Patrícia",
    "Paulo",
    "Rafael",
    "Raquel",
    "Renata",
    "Rodrigo",
    "Sérgio",
    "Sônia",
    "Thiago",
    "Vitória",
    "Vinícius",
];

/// Family names.
pub const FAMILY_NAMES: [&str; 56] = [
    "Abreu",
    "Aguiar",
    "Almeida",
    "Alves",
    "Andrade",
    "Araújo",
    "Assunção",
    "Azevedo",
    "Barbosa",
    "Barros",
    "Batista",
    "Borges",
    "Brandão",
    "Brito",
    "Campos",
    "Cardoso",
    "Carvalho",
    "Castro",
    "Conceição",
    "Correia",
    "Costa",
    "Cunha",
    "Dias",
    "Duarte",
    "Farias",
    "Fernandes",
    "Ferreira",
    "Figueiredo",
    "Fonseca",
    "Freitas",
    "Galvão",
    "Gomes",
    "Gonçalves",
    "Guimarães",
    "Leite",
    "Lima",
    "Lopes",
    "Macedo",
    "Magalhães",
    "Martins",
    "Medeiros",
    "Melo",
    "Moraes",
    "Moreira",
    "Nascimento",
    "Nogueira",
    "Oliveira",
    "Pereira",
    "Queirós",
    "Ribeiro",
    "Rocha",
    "Santos",
    "Silva",
    "Souza",
    "Teixeira",
    "Vasconcelos",
];

/// A name as it may stand in an address: lower case, without accents, words joined by `separator`.
#[must_use]
pub fn address_form(name: &str, separator: char) -> String {
    let mut form = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        let plain = match character {
            'á' | 'à' | 'â' | 'ã' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'ô' | 'õ' => 'o',
            'ú' | 'ü' => 'u',
            'ç' => 'c',
            'a'..='z' | '0'..='9' => character,
            _ => separator,
        };
        if plain != separator || !form.ends_with(separator) {
            form.push(plain);
        }
    }
    form.trim_matches(separator).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        assert_eq!(address_form("Pão Dourado", '-'), "pao-dourado");
        assert_eq!(address_form("Vitória-Régia & Cia.", '-'), "vitoria-regia-cia");
        assert_eq!(address_form("Inês Conceição", '.'), "ines.conceicao");
        for name in COMPANY_NAMES.iter().chain(&GIVEN_NAMES).chain(&FAMILY_NAMES) {
            let form = address_form(name, '-');
            assert_eq!(
                form.chars().filter(|c| *c == '-').count(),
                name.matches([' ', '-']).count(),
                "{name}"
            );
        }
    }
}
